"""The calls that administer an organization and its projects: `client.admin`. See `administration.py`."""

from __future__ import annotations

from typing import Final

ORGANIZATION: Final[dict[str, dict[str, dict[str, str]]]] = {
    "admin.organization.admin_api_keys": {
        "/organization/admin_api_keys": {"GET": "list", "POST": "create"},
        "/organization/admin_api_keys/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "admin.organization.audit_logs": {"/organization/audit_logs": {"GET": "list"}},
    "admin.organization.certificates": {
        "/organization/certificates": {"GET": "list", "POST": "create"},
        "/organization/certificates/activate": {"POST": "activate"},
        "/organization/certificates/deactivate": {"POST": "deactivate"},
        "/organization/certificates/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "admin.organization.data_retention": {
        "/organization/data_retention": {"GET": "retrieve", "POST": "update"},
    },
    "admin.organization.external_keys": {
        "/organization/external_keys": {"GET": "list", "POST": "create"},
        "/organization/external_keys/{id}": {"DELETE": "delete", "GET": "retrieve"},
        "/organization/external_keys/{id}/validate": {"POST": "validate"},
    },
    "admin.organization.external_storage": {
        "/organization/external_storage": {"GET": "list", "POST": "create"},
        "/organization/external_storage/{id}": {"DELETE": "delete", "GET": "retrieve"},
        "/organization/external_storage/{id}/validate": {"POST": "validate"},
    },
    "admin.organization.groups": {
        "/organization/groups": {"GET": "list", "POST": "create"},
        "/organization/groups/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "admin.organization.groups.roles": {
        "/organization/groups/{id}/roles": {"GET": "list", "POST": "create"},
        "/organization/groups/{id}/roles/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "admin.organization.groups.users": {
        "/organization/groups/{id}/users": {"GET": "list", "POST": "create"},
        "/organization/groups/{id}/users/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "admin.organization.invites": {
        "/organization/invites": {"GET": "list", "POST": "create"},
        "/organization/invites/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "admin.organization.projects": {
        "/organization/projects": {"GET": "list", "POST": "create"},
        "/organization/projects/{id}": {"GET": "retrieve", "POST": "update"},
        "/organization/projects/{id}/archive": {"POST": "archive"},
    },
    "admin.organization.projects.api_keys": {
        "/organization/projects/{id}/api_keys": {"GET": "list"},
        "/organization/projects/{id}/api_keys/{id}": {
            "DELETE": "delete",
            "GET": "retrieve",
            "POST": "update",
        },
    },
    "admin.organization.projects.certificates": {
        "/organization/projects/{id}/certificates": {"GET": "list"},
        "/organization/projects/{id}/certificates/activate": {"POST": "activate"},
        "/organization/projects/{id}/certificates/deactivate": {"POST": "deactivate"},
    },
    "admin.organization.projects.data_retention": {
        "/organization/projects/{id}/data_retention": {"GET": "retrieve", "POST": "update"},
    },
    "admin.organization.projects.groups": {
        "/organization/projects/{id}/groups": {"GET": "list", "POST": "create"},
        "/organization/projects/{id}/groups/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "admin.organization.projects.groups.roles": {
        "/projects/{id}/groups/{id}/roles": {"GET": "list", "POST": "create"},
        "/projects/{id}/groups/{id}/roles/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "admin.organization.projects.hosted_tool_permissions": {
        "/organization/projects/{id}/hosted_tool_permissions": {"GET": "retrieve", "POST": "update"},
    },
    "admin.organization.projects.model_permissions": {
        "/organization/projects/{id}/model_permissions": {
            "DELETE": "delete",
            "GET": "retrieve",
            "POST": "update",
        },
    },
    "admin.organization.projects.rate_limits": {
        "/organization/projects/{id}/rate_limits": {"GET": "list_rate_limits"},
        "/organization/projects/{id}/rate_limits/{id}": {"POST": "update_rate_limit"},
    },
    "admin.organization.projects.roles": {
        "/projects/{id}/roles": {"GET": "list", "POST": "create"},
        "/projects/{id}/roles/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "admin.organization.projects.service_accounts": {
        "/organization/projects/{id}/service_accounts": {"GET": "list", "POST": "create"},
        "/organization/projects/{id}/service_accounts/{id}": {
            "DELETE": "delete",
            "GET": "retrieve",
            "POST": "update",
        },
    },
    "admin.organization.projects.service_accounts.api_keys": {
        "/organization/projects/{id}/service_accounts/{id}/api_keys": {"POST": "create"},
    },
    "admin.organization.projects.service_tier_settings": {
        "/organization/projects/{id}/service_tier_settings": {"GET": "retrieve", "POST": "update"},
    },
    "admin.organization.projects.spend_alerts": {
        "/organization/projects/{id}/spend_alerts": {"GET": "list", "POST": "create"},
        "/organization/projects/{id}/spend_alerts/{id}": {
            "DELETE": "delete",
            "GET": "retrieve",
            "POST": "update",
        },
    },
    "admin.organization.projects.spend_limit": {
        "/organization/projects/{id}/spend_limit": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "admin.organization.projects.users": {
        "/organization/projects/{id}/users": {"GET": "list", "POST": "create"},
        "/organization/projects/{id}/users/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "admin.organization.projects.users.roles": {
        "/projects/{id}/users/{id}/roles": {"GET": "list", "POST": "create"},
        "/projects/{id}/users/{id}/roles/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "admin.organization.roles": {
        "/organization/roles": {"GET": "list", "POST": "create"},
        "/organization/roles/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "admin.organization.spend_alerts": {
        "/organization/spend_alerts": {"GET": "list", "POST": "create"},
        "/organization/spend_alerts/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "admin.organization.spend_limit": {
        "/organization/spend_limit": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "admin.organization.usage": {
        "/organization/costs": {"GET": "costs"},
        "/organization/usage/audio_speeches": {"GET": "audio_speeches"},
        "/organization/usage/audio_transcriptions": {"GET": "audio_transcriptions"},
        "/organization/usage/code_interpreter_sessions": {"GET": "code_interpreter_sessions"},
        "/organization/usage/completions": {"GET": "completions"},
        "/organization/usage/decisions": {"GET": "decisions"},
        "/organization/usage/embeddings": {"GET": "embeddings"},
        "/organization/usage/file_search_calls": {"GET": "file_search_calls"},
        "/organization/usage/images": {"GET": "images"},
        "/organization/usage/moderations": {"GET": "moderations"},
        "/organization/usage/vector_stores": {"GET": "vector_stores"},
        "/organization/usage/web_search_calls": {"GET": "web_search_calls"},
    },
    "admin.organization.users": {
        "/organization/users": {"GET": "list"},
        "/organization/users/{id}": {"DELETE": "delete", "GET": "retrieve", "POST": "update"},
    },
    "admin.organization.users.roles": {
        "/organization/users/{id}/roles": {"GET": "list", "POST": "create"},
        "/organization/users/{id}/roles/{id}": {"DELETE": "delete", "GET": "retrieve"},
    },
    "admin.organization.workload_identity_providers": {
        "/organization/workload_identity_providers": {"GET": "list", "POST": "create"},
        "/organization/workload_identity_providers/{id}": {
            "DELETE": "delete",
            "GET": "retrieve",
            "POST": "update",
        },
    },
    "admin.organization.workload_identity_providers.federation_rules": {
        "/organization/workload_identity_providers/{id}/federation_rules": {"GET": "list", "POST": "create"},
        "/organization/workload_identity_providers/{id}/federation_rules/{id}": {
            "DELETE": "delete",
            "GET": "retrieve",
            "POST": "update",
        },
    },
}
