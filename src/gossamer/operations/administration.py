"""The calls that have no operation of their own: what manages models, files, stores, jobs and sessions.

With `GOSSAMER_ALL_OPERATIONS` each such call has one plain span named after the SDK's method. This module is
imported only then.
"""

from __future__ import annotations

from typing import Final

from gossamer.operations.organization import ORGANIZATION

#: Resource → path → verb → method; `{id}` stands for one segment. Where several methods send the same
#: request, the plain one is named: not one of `beta` if there is another, nor a helper that uploads, polls or
#: waits. Where two paths fit a request, the one with fewer ids is meant.
RESOURCES: Final[dict[str, dict[str, dict[str, str]]]] = {
    "audio.voice_consents": {
        "/audio/voice_consents": {"GET": "list", "POST": "create"},
        "/audio/voice_consents/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "audio.voices": {
        "/audio/voices": {"POST": "create"},
        "/audio/voices/{id}": {"DELETE": "delete"},
    },
    "batches": {
        "/batches": {"GET": "list", "POST": "create"},
        "/batches/{id}": {"GET": "retrieve"},
        "/batches/{id}/cancel": {"POST": "cancel"},
    },
    "beta.agents": {
        "/agents": {"GET": "list"},
        "/agents/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "beta.agents.automations": {
        "/agents/automations": {"GET": "list", "POST": "create"},
        "/agents/automations/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
        "/agents/automations/{id}/pause": {"POST": "pause"},
        "/agents/automations/{id}/resume": {"POST": "resume"},
    },
    "beta.agents.automations.invocations": {
        "/agents/automations/{id}/invocations": {"GET": "list", "POST": "create"},
        "/agents/automations/{id}/invocations/{id}": {"GET": "retrieve"},
    },
    "beta.agents.environments": {
        "/agents/environments": {"GET": "list", "POST": "create"},
        "/agents/environments/{id}": {"GET": "retrieve"},
    },
    "beta.agents.environments.files": {"/agents/environments/{id}/files": {"GET": "list", "POST": "create"}},
    "beta.agents.environments.templates": {
        "/agents/environments/templates": {"GET": "list", "POST": "create"},
        "/agents/environments/templates/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "beta.agents.sessions": {
        "/agents/sessions": {"GET": "list"},
        "/agents/sessions/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "beta.agents.sessions.artifacts": {
        "/agents/sessions/{id}/artifacts": {"GET": "list"},
        "/agents/sessions/{id}/artifacts/{id}": {"DELETE": "delete", "GET": "retrieve"},
        "/agents/sessions/{id}/artifacts/{id}/content": {"GET": "content"},
    },
    "beta.agents.sessions.events": {"/agents/sessions/{id}/events": {"POST": "create"}},
    "beta.agents.sessions.items": {"/agents/sessions/{id}/items": {"GET": "list"}},
    "beta.agents.sessions.subagents": {
        "/agents/sessions/{id}/subagents": {"GET": "list"},
        "/agents/sessions/{id}/subagents/{id}": {"GET": "retrieve"},
    },
    "beta.agents.sessions.subagents.items": {"/agents/sessions/{id}/subagents/{id}/items": {"GET": "list"}},
    "beta.agents.sessions.subagents.turns": {
        "/agents/sessions/{id}/subagents/{id}/turns": {"GET": "list"},
        "/agents/sessions/{id}/subagents/{id}/turns/{id}": {"GET": "retrieve"},
    },
    "beta.agents.sessions.subagents.turns.items": {
        "/agents/sessions/{id}/subagents/{id}/turns/{id}/items": {"GET": "list"},
    },
    "beta.agents.sessions.traces": {"/agents/sessions/{id}/traces": {"GET": "list"}},
    "beta.agents.sessions.turns": {
        "/agents/sessions/{id}/turns": {"GET": "list"},
        "/agents/sessions/{id}/turns/{id}": {"GET": "retrieve"},
    },
    "beta.agents.sessions.turns.items": {"/agents/sessions/{id}/turns/{id}/items": {"GET": "list"}},
    "beta.agents.vaults": {
        "/vaults": {"GET": "list", "POST": "create"},
        "/vaults/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "beta.agents.vaults.credentials": {
        "/vaults/{id}/credentials": {"GET": "list", "POST": "create"},
        "/vaults/{id}/credentials/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "beta.assistants": {
        "/assistants": {"GET": "list"},
        "/assistants/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "beta.chatkit.sessions": {
        "/chatkit/sessions": {"POST": "create"},
        "/chatkit/sessions/{id}/cancel": {"POST": "cancel"},
    },
    "beta.chatkit.threads": {
        "/chatkit/threads": {"GET": "list"},
        "/chatkit/threads/{id}": {"DELETE": "delete", "GET": "retrieve"},
        "/chatkit/threads/{id}/items": {"GET": "list_items"},
    },
    "beta.realtime.sessions": {"/realtime/sessions": {"POST": "create"}},
    "beta.realtime.transcription_sessions": {"/realtime/transcription_sessions": {"POST": "create"}},
    "beta.threads": {
        "/threads": {"POST": "create"},
        "/threads/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "beta.threads.messages": {
        "/threads/{id}/messages": {"GET": "list", "POST": "create"},
        "/threads/{id}/messages/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "beta.threads.runs": {
        "/threads/{id}/runs": {"GET": "list"},
        "/threads/{id}/runs/{id}": {"GET": "retrieve", "POST": "update"},
        "/threads/{id}/runs/{id}/cancel": {"POST": "cancel"},
    },
    "beta.threads.runs.steps": {
        "/threads/{id}/runs/{id}/steps": {"GET": "list"},
        "/threads/{id}/runs/{id}/steps/{id}": {"GET": "retrieve"},
    },
    "chat.completions": {
        "/chat/completions": {"GET": "list"},
        "/chat/completions/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "chat.completions.messages": {"/chat/completions/{id}/messages": {"GET": "list"}},
    "containers": {
        "/containers": {"GET": "list", "POST": "create"},
        "/containers/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "containers.files": {
        "/containers/{id}/files": {"GET": "list", "POST": "create"},
        "/containers/{id}/files/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "containers.files.content": {"/containers/{id}/files/{id}/content": {"GET": "retrieve"}},
    "content_provenance_checks": {"/content_provenance_checks": {"POST": "create"}},
    "conversations": {
        "/conversations": {"POST": "create"},
        "/conversations/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "conversations.items": {
        "/conversations/{id}/items": {"GET": "list", "POST": "create"},
        "/conversations/{id}/items/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "evals": {
        "/evals": {"GET": "list", "POST": "create"},
        "/evals/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "evals.runs": {
        "/evals/{id}/runs": {"GET": "list", "POST": "create"},
        # POST: of older releases
        "/evals/{id}/runs/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "cancel"},
        "/evals/{id}/runs/{id}/cancel": {"POST": "cancel"},
    },
    "evals.runs.output_items": {
        "/evals/{id}/runs/{id}/output_items": {"GET": "list"},
        "/evals/{id}/runs/{id}/output_items/{id}": {"GET": "retrieve"},
    },
    "files": {
        "/files": {"GET": "list", "POST": "create"},
        "/files/{id}": {"DELETE": "delete", "GET": "retrieve"},
        "/files/{id}/content": {"GET": "content"},
    },
    "fine_tuning.alpha.graders": {
        "/fine_tuning/alpha/graders/run": {"POST": "run"},
        "/fine_tuning/alpha/graders/validate": {"POST": "validate"},
    },
    "fine_tuning.checkpoints.permissions": {
        "/fine_tuning/checkpoints/{id}/permissions": {"GET": "list", "POST": "create"},
        "/fine_tuning/checkpoints/{id}/permissions/{id}": {"DELETE": "delete"},
    },
    "fine_tuning.jobs": {
        "/fine_tuning/jobs": {"GET": "list", "POST": "create"},
        "/fine_tuning/jobs/{id}": {"GET": "retrieve"},
        "/fine_tuning/jobs/{id}/cancel": {"POST": "cancel"},
        "/fine_tuning/jobs/{id}/events": {"GET": "list_events"},
        "/fine_tuning/jobs/{id}/pause": {"POST": "pause"},
        "/fine_tuning/jobs/{id}/resume": {"POST": "resume"},
    },
    "fine_tuning.jobs.checkpoints": {"/fine_tuning/jobs/{id}/checkpoints": {"GET": "list"}},
    "live": {"/live/sessions": {"POST": "create"}},
    "live.sessions": {
        "/live/sessions/{id}/accept": {"POST": "accept"},
        "/live/sessions/{id}/content": {"GET": "download_recording"},
        "/live/sessions/{id}/fork": {"POST": "fork"},
        "/live/sessions/{id}/hangup": {"POST": "hangup"},
        "/live/sessions/{id}/refer": {"POST": "refer"},
        "/live/sessions/{id}/reject": {"POST": "reject"},
    },
    "models": {
        "/models": {"GET": "list"},
        "/models/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "realtime.calls": {
        "/realtime/calls": {"POST": "create"},
        "/realtime/calls/{id}/accept": {"POST": "accept"},
        "/realtime/calls/{id}/hangup": {"POST": "hangup"},
        "/realtime/calls/{id}/refer": {"POST": "refer"},
        "/realtime/calls/{id}/reject": {"POST": "reject"},
    },
    "realtime.client_secrets": {"/realtime/client_secrets": {"POST": "create"}},
    "realtime.translations.client_secrets": {"/realtime/translations/client_secrets": {"POST": "create"}},
    "responses": {"/responses/{id}": {"DELETE": "delete"}},
    "responses.input_items": {"/responses/{id}/input_items": {"GET": "list"}},
    "responses.input_tokens": {"/responses/input_tokens": {"POST": "count"}},
    "safety.alerts": {"/safety/alerts/{id}": {"GET": "retrieve"}},
    "safety.cases": {"/safety/cases/{id}": {"GET": "retrieve"}},
    "skills": {
        "/skills": {"GET": "list", "POST": "create"},
        "/skills/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "skills.content": {"/skills/{id}/content": {"GET": "retrieve"}},
    "skills.versions": {
        "/skills/{id}/versions": {"GET": "list", "POST": "create"},
        "/skills/{id}/versions/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "skills.versions.content": {"/skills/{id}/versions/{id}/content": {"GET": "retrieve"}},
    "uploads": {
        "/uploads": {"POST": "create"},
        "/uploads/{id}/cancel": {"POST": "cancel"},
        "/uploads/{id}/complete": {"POST": "complete"},
    },
    "uploads.parts": {"/uploads/{id}/parts": {"POST": "create"}},
    "vector_stores": {
        "/vector_stores": {"GET": "list", "POST": "create"},
        "/vector_stores/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "vector_stores.file_batches": {
        "/vector_stores/{id}/file_batches": {"POST": "create"},
        "/vector_stores/{id}/file_batches/{id}": {"GET": "retrieve"},
        "/vector_stores/{id}/file_batches/{id}/cancel": {"POST": "cancel"},
        "/vector_stores/{id}/file_batches/{id}/files": {"GET": "list_files"},
    },
    "vector_stores.files": {
        "/vector_stores/{id}/files": {"GET": "list", "POST": "create"},
        "/vector_stores/{id}/files/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
        "/vector_stores/{id}/files/{id}/content": {"GET": "content"},
    },
    "videos": {
        "/videos": {"GET": "list"},
        "/videos/characters": {"POST": "create_character"},
        "/videos/characters/{id}": {"GET": "get_character"},
        "/videos/{id}": {"DELETE": "delete", "GET": "retrieve"},
        "/videos/{id}/content": {"GET": "download_content"},
    },
    "webhooks": {
        "/webhook_endpoints": {"GET": "list", "POST": "create"},
        "/webhook_endpoints/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
        "/webhook_endpoints/{id}/rotate_secret": {"POST": "rotate_secret"},
        "/webhook_endpoints/{id}/test": {"POST": "test"},
    },
    "webhooks.event_types": {"/webhook_event_types": {"GET": "list"}},
    **ORGANIZATION,
}


def _by_verb() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {}
    for resource, paths in RESOURCES.items():
        for path, methods in paths.items():
            for verb, method in methods.items():
                table.setdefault(verb, {})[path] = f"{resource}.{method}"
    return table


#: Verb → path → the SDK's method: `ADMINISTRATION["GET"]["/files/{id}"]` is `files.retrieve`.
ADMINISTRATION: Final = _by_verb()
