"""The completion hook of the OpenTelemetry GenAI packages: how it is found, and what it is shown."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from opentelemetry.sdk.trace import TracerProvider

from gossamer import errors
from gossamer.completion import hook as completion_hook
from gossamer.completion import objects, types
from gossamer.completion.hook import GROUP, call, load
from gossamer.messages import message

HAS_UTIL = find_spec("opentelemetry.util") and find_spec("opentelemetry.util.genai")
needs_util = pytest.mark.skipif(not HAS_UTIL, reason="needs opentelemetry-util-genai")
needs_upload = pytest.mark.skipif(
    not (HAS_UTIL and find_spec("fsspec")), reason="needs opentelemetry-util-genai[upload]"
)

SECTIONS: dict[str, list[Any]] = {
    "gen_ai.system_instructions": [message.text("Be brief.")],
    "gen_ai.input.messages": [
        {"role": "user", "name": "ada", "parts": [message.text("How light is gossamer?")]},
        {
            "role": "user",
            "parts": [
                {
                    "type": "blob",
                    "modality": "image",
                    "mime_type": "image/png",
                    "content": "",
                    "byte_size": 95,
                },
                {"type": "blob", "modality": "audio", "content": "Z29zc2FtZXI="},
                message.at_url("image", "https://example.com/spider.png"),
                {**message.file("document", "file-1"), "name": "threads.pdf"},
            ],
        },
        {"role": "assistant", "parts": [message.tool_call("weigh", {"thing": "gossamer"}, "call_1")]},
        {"role": "tool", "parts": [message.tool_call_response([message.text("12 µg")], "call_1")]},
    ],
    "gen_ai.output.messages": [
        {
            "role": "assistant",
            "parts": [
                message.reasoning("It floats."),
                {**message.text("Very li"), "truncated": 10},
                message.generic("refusal", content="No more."),
                {
                    "type": "server_tool_call",
                    "name": "web_search",
                    "server_tool_call": {"type": "web_search"},
                },
                {"type": "server_tool_call_response", "server_tool_call_response": {"type": "web_search"}},
                {"type": "compaction", "id": "cmp_1"},
            ],
        }
    ],
    "gen_ai.tool.definitions": [
        {"type": "function", "name": "weigh"},
        {"type": "web_search", "name": "web_search", "description": "Looks it up."},
    ],
}


class Hook:
    """Keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: list[dict[str, Any]] = []

    def on_completion(self, **shown: Any) -> None:
        self.shown.append(shown)


class OldHook:
    """As hooks were written for the first release of the package."""

    def __init__(self) -> None:
        self.shown: list[Any] = []

    def on_completion(self, *, inputs, outputs, system_instruction, span=None, log_record=None):
        self.shown.append((inputs, outputs, system_instruction, span, log_record))


class FailingHook:
    """Fails with whatever it is given."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)

    def on_completion(self, **_: Any) -> None:
        raise self.failures.pop(0)


class AsyncHook:
    """Written for something else."""

    async def on_completion(self, **_: Any) -> None: ...


def broken() -> Hook:
    """A factory that fails."""
    raise ValueError("no bucket")


def nothing() -> object:
    """A factory of no hook."""
    return object()


def not_configured() -> Any:
    """What the package's own factory gives where its settings are missing."""
    return type("_NoOpCompletionHook", (Hook,), {})()


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(errors, "_told", set())
    monkeypatch.setattr(errors, "strict", True)


@pytest.fixture(params=["theirs", "ours"])
def classes(request, monkeypatch) -> Iterator[Any]:
    """The types of the package, and ours where there is none."""
    if request.param == "theirs" and not HAS_UTIL:
        pytest.skip("needs opentelemetry-util-genai")
    if request.param == "ours":
        monkeypatch.setitem(sys.modules, "opentelemetry.util.genai.types", None)
    forget()
    yield objects._package() or types
    forget()


def forget() -> None:
    """Look for the package anew."""
    for cached in (objects._package, objects._kind, objects._widened):
        cached.cache_clear()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch) -> Iterator[None]:
    """A distribution with entry points, as pip leaves it, read anew."""
    targets = {
        "kept": "gossamer_hooks:Hook",
        "broken": "gossamer_hooks:broken",
        "nothing": "gossamer_hooks:nothing",
        "gone": "no_such_module:Hook",
        "async": "gossamer_hooks:AsyncHook",
        "not_configured": "gossamer_hooks:not_configured",
    }
    folder = tmp_path / "gossamer_hooks-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: gossamer-hooks\nVersion: 1.0\n")
    lines = "\n".join(f"{name} = {target}" for name, target in targets.items())
    (folder / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "gossamer_hooks", sys.modules[__name__])
    from opentelemetry.util import _importlib_metadata as lookup

    cached = getattr(lookup, "_original_entry_points_cached", None)  # the oldest API does not cache
    for_now = cached.cache_clear if cached is not None else lambda: None
    for_now()
    yield
    monkeypatch.undo()
    for_now()


def shown(sections: dict[str, list[Any]], **context: Any) -> dict[str, Any]:
    """What a hook is shown of these sections."""
    hook = Hook()
    call(load(hook), sections, context.get("span"), context.get("log_record"))
    return hook.shown[0]


def plain(value: Any) -> Any:
    """A hook's object as the dict that it was made from: nothing that was not there, and no bytes."""
    found = {key: value for key, value in dataclasses.asdict(value).items() if value is not None}
    if "parts" in found:
        found["parts"] = [plain(part) for part in value.parts]
    return found


def test_a_hook_is_found_by_the_name_of_its_entry_point(installed):
    hook = load(" kept ")
    assert hook.name == "Hook"
    assert isinstance(hook.on_completion.__self__, Hook)


def test_the_entry_point_is_a_real_one(installed):
    (found,) = [entry for entry in completion_hook.entry_points(group=GROUP) if entry.name == "kept"]
    assert (type(found).__name__, found.value) == (EntryPoint.__name__, "gossamer_hooks:Hook")


def test_an_unknown_name_is_told_with_the_names_that_are_there(installed, caplog):
    assert load("uplaod") is None
    (record,) = caplog.records
    told = record.getMessage()
    assert "named 'uplaod'" in told
    assert "async, broken, gone, kept, not_configured, nothing" in told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("broken", "broken = gossamer_hooks:broken cannot be made, and is not called: ValueError: no bucket"),
        ("gone", "gone = no_such_module:Hook cannot be made, and is not called: ModuleNotFoundError"),
        ("nothing", "nothing = gossamer_hooks:nothing (a object) has no method on_completion"),
        ("async", "async = gossamer_hooks:AsyncHook (a AsyncHook) has an async on_completion"),
    ],
)
def test_a_hook_that_cannot_be_called_is_told_once(installed, caplog, name, told):
    assert load(name) is None
    (record,) = caplog.records
    assert told in record.getMessage()


def test_a_hook_that_its_package_has_switched_off_costs_nothing(installed, caplog):
    assert load("not_configured") is None
    assert caplog.records == []


@pytest.mark.parametrize("given", [None, "", "  "])
def test_no_hook_is_asked_for(given, caplog):
    assert load(given) is None
    assert caplog.records == []


@pytest.mark.parametrize("given", [object(), Hook, 7, SimpleNamespace(on_completion=3)])
def test_an_object_that_is_no_hook_is_told(given, caplog):
    assert load(given) is None
    (record,) = caplog.records
    assert "instrument(completion_hook=…)" in record.getMessage()


def test_a_hook_is_shown_everything(classes):
    span, record = object(), object()
    found = shown(SECTIONS, span=span, log_record=record)
    assert found["span"] is span
    assert found["log_record"] is record
    assert [type(each).__mro__[-2].__name__ for each in found["inputs"]] == ["InputMessage"] * 4
    assert all(isinstance(each, classes.InputMessage) for each in found["inputs"])
    assert all(isinstance(each, classes.OutputMessage) for each in found["outputs"])
    assert [type(each) for each in found["system_instruction"]] == [classes.TextPart]
    function, search = found["tool_definitions"]
    assert isinstance(function, classes.FunctionToolDefinition)
    assert isinstance(search, classes.GenericToolDefinition)
    kinds = [type(part).__name__ for each in found["inputs"] + found["outputs"] for part in each.parts]
    assert kinds == [
        *("TextPart", "BlobPart", "BlobPart", "UriPart", "FilePart", "ToolCallRequestPart"),
        *("ToolCallResponsePart", "ReasoningPart", "TextPart", "GenericPart", "ServerToolCallPart"),
        *("ServerToolCallResponsePart", "CompactionPart"),
    ]
    parts = [part for each in found["inputs"] + found["outputs"] for part in each.parts]
    assert all(isinstance(part, getattr(classes, kind)) for part, kind in zip(parts, kinds, strict=True))


def test_nothing_that_was_recorded_is_lost_on_the_way(classes):
    found = shown(SECTIONS)
    sections = {
        "gen_ai.system_instructions": found["system_instruction"],
        "gen_ai.input.messages": found["inputs"],
        "gen_ai.output.messages": found["outputs"],
        "gen_ai.tool.definitions": found["tool_definitions"],
    }
    expected = json.loads(json.dumps(SECTIONS))
    expected["gen_ai.input.messages"][1]["parts"][0]["content"] = b""
    expected["gen_ai.input.messages"][1]["parts"][1]["content"] = b"gossamer"
    assert {name: [plain(each) for each in values] for name, values in sections.items()} == expected


def test_sections_that_were_not_recorded_are_empty():
    assert shown({}) == {
        "inputs": [],
        "outputs": [],
        "system_instruction": [],
        "tool_definitions": None,
        "span": None,
        "log_record": None,
    }


def test_fields_that_no_class_knows_become_attributes(classes):
    values = {"type": "generic", "generic_type": "odd", "class": 1, "a-b": 2, "a_b": 3, "__dict__": 4, "ﬁ": 5}
    found = objects.part(values)
    assert isinstance(found, classes.GenericPart)
    assert found.generic_type == "odd"
    told = dataclasses.asdict(found)
    assert told["type"] == "generic"
    assert sorted(value for value in told.values() if isinstance(value, int)) == [1, 2, 3, 4, 5]
    assert {"field_class", "a_b", "a_b_", "dict"} <= told.keys()


def test_a_part_of_an_unknown_type_keeps_its_type(classes):
    found = objects.part({"type": "hologram", "content": "…"})
    assert isinstance(found, classes.GenericPart)
    assert plain(found) == {"type": "hologram", "content": "…"}


def test_a_blob_that_is_not_base64_stays_as_it_is(classes):
    found = objects.part({"type": "blob", "modality": "document", "content": "a, b"})
    assert (found.content, found.mime_type) == ("a, b", None)


def test_servers_cannot_make_classes_without_end(classes):
    for number in range(300):
        objects.part({"type": "generic", f"field{number}": number})
    assert objects._widened.cache_info().currsize <= 256


def test_former_names_of_the_package_are_known(monkeypatch):
    @dataclasses.dataclass
    class Text:
        content: str
        type: str = "text"

    @dataclasses.dataclass
    class ToolCall:  # no longer the part of a message: an operation
        tool: Any
        span: Any

    @dataclasses.dataclass
    class OutputMessage:
        role: str
        parts: list[Any]
        finish_reason: str

    old = SimpleNamespace(Text=Text, ToolCall=ToolCall, OutputMessage=OutputMessage)
    monkeypatch.setitem(sys.modules, "opentelemetry.util.genai.types", old)
    monkeypatch.setattr(objects, "import_module", lambda name: old)
    forget()
    try:
        parts = [message.text("Very."), message.tool_call("weigh", "{}", "call_1")]
        found = objects.output_message({"role": "assistant", "parts": parts})
    finally:
        forget()
    assert isinstance(found, OutputMessage)
    assert found.finish_reason is None
    assert isinstance(found.parts[0], Text)
    assert isinstance(found.parts[1], types.ToolCallRequestPart)


def test_our_classes_have_the_shape_of_the_conventions(shared):
    seen = set()
    for path in sorted((shared / "semconv" / "data").glob("gen-ai-*.json")):
        for name, schema in json.loads(path.read_text(encoding="utf-8"))["$defs"].items():
            ours = getattr(types, "InputMessage" if name == "ChatMessage" else name, None)
            if ours is not None and name != "GenericPart":
                seen.add(name)
                assert set(schema["properties"]) == {each.name for each in dataclasses.fields(ours)}, name
    assert len(seen) == 14


def test_what_a_hook_is_shown_fits_the_schemas_of_the_conventions(classes, shared):
    found = shown(SECTIONS)
    for argument, file in (("inputs", "input-messages"), ("outputs", "output-messages")):
        path = shared / "semconv" / "data" / f"gen-ai-{file}.json"
        messages = [plain(each) for each in found[argument]]
        shaped = json.loads(json.dumps(messages, default=lambda content: content.decode()))
        jsonschema.validate(shaped, json.loads(path.read_text(encoding="utf-8")))


def test_a_hook_of_the_first_release_is_shown_what_it_takes():
    hook = OldHook()
    call(load(hook), SECTIONS, None, None)
    ((inputs, outputs, system_instruction, span, record),) = hook.shown
    assert (len(inputs), len(outputs), len(system_instruction), span, record) == (4, 1, 1, None, None)


def test_a_failing_hook_is_logged_once_for_each_kind_and_without_its_message(caplog):
    failures = [ValueError("my prompt"), ValueError("another"), KeyError("my prompt")]
    hook = load(FailingHook(*failures))
    for _ in failures:
        call(hook, SECTIONS, None, None)
    told = [record.getMessage() for record in caplog.records]
    assert [text.partition(" in ")[0] for text in told] == [
        "The completion hook FailingHook failed (ValueError",
        "The completion hook FailingHook failed (KeyError",
    ]
    assert "my prompt" not in caplog.text


def test_what_ends_the_process_passes_a_hook():
    with pytest.raises(KeyboardInterrupt):
        call(load(FailingHook(KeyboardInterrupt())), SECTIONS, None, None)


def test_a_hook_may_add_to_span_and_record():
    class Stamping:
        def on_completion(self, *, span, log_record, **_: Any) -> None:
            span.set_attribute("there", "here")
            log_record.attributes = {**log_record.attributes, "there": "here"}

    span = TracerProvider(shutdown_on_exit=False).get_tracer("tests").start_span("chat")
    record = SimpleNamespace(attributes={"gen_ai.operation.name": "chat"})
    call(load(Stamping()), SECTIONS, span, record)
    assert span.attributes["there"] == record.attributes["there"] == "here"


@needs_util
def test_the_package_has_every_class_that_is_looked_for():
    forget()
    package = objects._package()
    names = [*(names[0] for names in objects._PARTS.values()), "GenericPart", "InputMessage"]
    for name in [*names, "OutputMessage", "FunctionToolDefinition", "GenericToolDefinition"]:
        assert objects._kind(name) is getattr(package, name), name


@needs_upload
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_the_official_upload_hook_writes_what_was_recorded(tmp_path, monkeypatch, form):
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH", tmp_path.as_uri())
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_UPLOAD_FORMAT", form)
    forget()
    hook = load("upload")
    span = TracerProvider(shutdown_on_exit=False).get_tracer("tests").start_span("chat")
    record = SimpleNamespace(attributes={"gen_ai.operation.name": "chat"})
    for _ in range(2):
        call(hook, SECTIONS, span, record)
    hook.on_completion.__self__.shutdown()

    references = {name: value for name, value in record.attributes.items() if name.endswith("_ref")}
    assert references.keys() == {f"{name}_ref" for name in SECTIONS}
    assert references.items() <= span.attributes.items()
    written = {name: read(reference, form) for name, reference in references.items()}
    expected = json.loads(json.dumps(SECTIONS))
    assert written == {f"{name}_ref": values for name, values in expected.items()}
    # Instructions and tools are the same each time, and named by what they hold.
    assert len(list(tmp_path.iterdir())) == 2 + 2 + 1 + 1


@needs_upload
def test_an_upload_hook_without_a_folder_is_no_hook(caplog):
    assert load("upload") is None
    assert "OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH is required" in caplog.text


def read(reference: str, form: str) -> Any:
    """What was uploaded, without the fields that have no value."""
    lines = Path(reference.removeprefix("file://")).read_text(encoding="utf-8").splitlines()
    found = json.loads(lines[0]) if form == "json" else [json.loads(line) for line in lines]
    return [valued(each) for each in found]


def valued(value: Any) -> Any:
    """Without None, and without the number that a line has."""
    if isinstance(value, dict):
        return {key: valued(each) for key, each in value.items() if each is not None and key != "index"}
    return [valued(each) for each in value] if isinstance(value, list) else value
