"""Provider, address and port of a client."""

from __future__ import annotations

import gc
import weakref

import openai
import pytest

from gossamer.cli.fake import mock_client
from gossamer.openai_sdk import OPENAI, OPERATIONS
from gossamer.operations.chat import CHAT
from gossamer.operations.completions import COMPLETIONS
from gossamer.providers import PROVIDERS_BY_HOST, Servers, provider_of, server_at
from gossamer.sdk import locate
from gossamer.testing import capture


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("api.openai.com", "openai"),
        ("eu.api.openai.com", "openai"),
        ("localhost", "openai"),
        ("127.0.0.1", "openai"),
        ("", "openai"),
        ("openrouter.ai", "openai"),
        ("api.together.xyz", "openai"),
        ("api.fireworks.ai", "openai"),
        ("api.cerebras.ai", "openai"),
        ("us.api.openai.com", "openai"),
        ("mine.openai.azure.com", "azure.ai.openai"),
        ("mine.cognitiveservices.azure.com", "azure.ai.openai"),
        ("mine.services.ai.azure.com", "azure.ai.openai"),
        ("mine.openai.azure.us", "azure.ai.openai"),
        ("mine.inference.ai.azure.com", "azure.ai.inference"),
        ("models.github.ai", "azure.ai.inference"),
        ("bedrock-runtime.us-east-1.amazonaws.com", "aws.bedrock"),
        ("bedrock-mantle.us-west-2.api.aws", "aws.bedrock"),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "aws.bedrock"),
        ("bedrock-mantle.us-east-1.api.aws", "aws.bedrock"),
        ("vpce-0a-1b.bedrock-runtime.us-east-1.vpce.amazonaws.com", "aws.bedrock"),
        # what somebody runs there is not Bedrock
        ("my-vllm-123.us-east-1.elb.amazonaws.com", "openai"),
        ("ec2-1-2-3-4.compute-1.amazonaws.com", "openai"),
        ("runtime.sagemaker.us-east-1.amazonaws.com", "openai"),
        ("api.anthropic.com", "anthropic"),
        ("api.cohere.ai", "cohere"),
        ("api.cohere.com", "cohere"),
        ("api.deepseek.com", "deepseek"),
        ("generativelanguage.googleapis.com", "gcp.gemini"),
        ("aiplatform.googleapis.com", "gcp.vertex_ai"),
        ("europe-west1-aiplatform.googleapis.com", "gcp.vertex_ai"),
        ("aiplatform.eu.rep.googleapis.com", "gcp.vertex_ai"),
        ("us-central1-aiplatform-mine.p.googleapis.com", "gcp.vertex_ai"),
        ("storage.googleapis.com", "openai"),
        ("api.groq.com", "groq"),
        ("us-south.ml.cloud.ibm.com", "ibm.watsonx.ai"),
        ("api.mistral.ai", "mistral_ai"),
        ("codestral.mistral.ai", "mistral_ai"),
        ("api.moonshot.ai", "moonshot_ai"),
        ("api.moonshot.cn", "moonshot_ai"),
        ("api.perplexity.ai", "perplexity"),
        ("api.x.ai", "x_ai"),
        ("API.GROQ.COM", "groq"),
        # a suffix is whole labels, and at the end
        ("notapi.groq.com", "openai"),
        ("api.groq.com.evil.test", "openai"),
        ("max.ai", "openai"),
        ("x.ai", "openai"),
    ],
)
def test_the_host_tells_the_provider(host, provider):
    assert provider_of(host) == provider


def test_each_host_of_the_table_is_found():
    for entry, provider in PROVIDERS_BY_HOST.items():
        suffix, _, path = entry.partition("/")
        for host in (suffix, f"some.where.{suffix}"):
            assert provider_of(host, path=f"/{path}/v1") == provider


@pytest.mark.parametrize(
    ("url", "address", "port"),
    [
        ("https://api.openai.com/v1/", "api.openai.com", 443),
        ("http://llm.test/v1", "llm.test", 80),
        ("https://llm.test:8443", "llm.test", 8443),
        ("https://llm.test:443/v1", "llm.test", 443),
        ("http://127.0.0.1:11434/v1", "127.0.0.1", 11434),
        ("http://[::1]:8080/v1", "::1", 8080),
        ("https://[2001:db8::1]/v1", "2001:db8::1", 443),
        ("https://user:secret@llm.test/v1?key=secret#secret", "llm.test", 443),
        ("https://LLM.Test/v1", "llm.test", 443),
        ("https://llm.test./v1", "llm.test", 443),
    ],
)
def test_the_url_tells_address_and_port(url, address, port):
    server = server_at(url)
    assert (server.address, server.port) == (address, port)
    span, point = server.start(CHAT)
    assert (span["server.address"], span["server.port"]) == (address, port)
    assert (point["server.address"], point["server.port"]) == (address, port)
    assert "secret" not in repr((span, point))


@pytest.mark.parametrize("url", ["", "/v1", "unix:///tmp/llm.sock"])
def test_without_an_address_there_is_no_port(url):
    span, _ = server_at(url).start(CHAT)
    assert "server.address" not in span
    assert "server.port" not in span


def test_openai_attributes_are_for_the_provider_openai():
    assert server_at("https://api.openai.com/v1").start(CHAT)[0]["openai.api.type"] == "chat_completions"
    assert "openai.api.type" not in server_at("https://api.groq.com/v1").start(CHAT)[0]
    assert "openai.api.type" not in server_at("https://api.openai.com/v1").start(COMPLETIONS)[0]


def test_azures_inference_has_its_namespace():
    for url in ("https://mine.services.ai.azure.com/models", "https://models.github.ai/inference"):
        span, point = server_at(url).start(CHAT)
        assert span["azure.resource_provider.namespace"] == "Microsoft.CognitiveServices"
        assert "azure.resource_provider.namespace" not in point


def test_what_a_call_gets_is_its_own():
    server = server_at("https://api.openai.com/v1")
    for operation in OPERATIONS:
        span, point = server.start(operation)
        span["mine"] = point["mine"] = True
        assert "mine" not in {**server.start(operation)[0], **server.start(operation)[1]}


def make(url: str = "https://api.openai.com/v1") -> openai.OpenAI:
    """A client."""
    return openai.OpenAI(api_key="sk-test", base_url=url)


@pytest.fixture
def servers() -> Servers:
    return Servers(locate(OPENAI))


def test_a_client_is_looked_at_once(servers):
    client = make()
    assert servers.of(client) is servers.of(client)


def test_a_new_base_url_is_seen(servers):
    client = make()
    assert servers.of(client).address == "api.openai.com"
    client.base_url = "http://other.test:8080/v1"
    server = servers.of(client)
    assert (server.address, server.port) == ("other.test", 8080)
    assert servers.of(client) is server


def test_two_clients_do_not_mix(servers):
    first, second = make("https://one.test/v1"), make("https://two.test/v1")
    assert [servers.of(client).address for client in (first, second, first)] == [
        "one.test",
        "two.test",
        "one.test",
    ]


def test_a_client_that_gets_the_place_of_another_is_not_taken_for_it(servers):
    first = make()
    servers.of(first)
    second = openai.AzureOpenAI(api_key="k", api_version="1", base_url="https://gateway.test/openai")
    second.__dict__["_base_url"] = first.__dict__["_base_url"]
    servers._by_client[id(second)] = servers._by_client.pop(
        id(first)
    )  # as if the first had died in its place
    assert servers.of(second).provider == "azure.ai.openai"


def test_no_client_is_kept_and_nothing_is_left_of_those_that_are_gone(servers):
    clients = [make(f"https://host{number}.test/v1") for number in range(20)]
    gone = [weakref.ref(client) for client in clients]
    for client in clients:
        servers.of(client)
    assert len(servers._by_client) == 20
    del client
    clients.clear()
    gc.collect()
    assert [reference() for reference in gone] == [None] * 20
    assert servers._by_client == {}


def test_no_client_is_compared_or_hashed(servers):
    class Odd(openai.OpenAI):
        def __eq__(self, other: object) -> bool:
            raise AssertionError

        def __hash__(self) -> int:
            raise AssertionError

    assert servers.of(Odd(api_key="sk-test", base_url="https://odd.test")).address == "odd.test"


def test_azure_is_told_by_the_client_whatever_the_host(servers):
    client = openai.AzureOpenAI(api_key="k", api_version="1", base_url="https://gateway.test/openai")
    assert servers.of(client).provider == "azure.ai.openai"
    assert servers.of(make("https://mine.openai.azure.com/openai/v1")).provider == "azure.ai.openai"


def test_copies_of_a_client_share_its_server(servers):
    """`with_options()` makes a client, often for one call: its server is not worked out again."""
    client = make()
    assert servers.of(client.with_options(timeout=5)) is servers.of(client)
    assert servers.of(client.copy(max_retries=0)) is servers.of(client)
    other = servers.of(client.copy(base_url="https://other.test/v1"))
    assert other.address == "other.test"


def test_the_servers_that_are_shared_are_not_kept_without_end(servers):
    client = make()
    for number in range(600):
        client.base_url = f"https://host{number}.test/v1"
        assert servers.of(client).address == f"host{number}.test"
    assert len(servers._by_url) <= 256


def test_the_module_level_client_follows_the_modules_base_url(servers, monkeypatch):
    openai._reset_client()
    try:
        monkeypatch.setattr(openai, "api_key", "sk-test")
        monkeypatch.setattr(openai, "base_url", "http://one.test/v1/")
        client = openai._load_client()
        assert (servers.of(client).address, servers.of(client).provider) == ("one.test", "openai")
        monkeypatch.setattr(openai, "base_url", "https://api.groq.com/openai/v1/")
        assert openai._load_client() is client
        assert (servers.of(client).address, servers.of(client).provider) == ("api.groq.com", "groq")
    finally:
        openai._reset_client()


def test_a_subclass_that_tells_its_own_base_url_is_asked_each_time(servers):
    class Routed(openai.OpenAI):
        route = "https://one.test/v1/"

        @property
        def base_url(self) -> str:
            return self.route

    client = Routed(api_key="sk-test", base_url="https://api.openai.com/v1")
    assert servers.of(client).address == "one.test"
    client.route = "https://two.test:8443/v1/"
    assert (servers.of(client).address, servers.of(client).port) == ("two.test", 8443)


@pytest.mark.parametrize("kind", ["BedrockOpenAI", "AsyncBedrockOpenAI"])
def test_bedrock_is_told_by_the_client_whatever_the_host(servers, kind):
    client = getattr(openai, kind, None)
    if client is None:
        pytest.skip("this SDK has no client of Bedrock")
    server = servers.of(client(api_key="k", base_url="https://gateway.test/openai/v1"))
    assert (server.provider, server.address, server.speaks_openai) == ("aws.bedrock", "gateway.test", False)


@pytest.mark.parametrize(
    ("runtime", "given", "provider"),
    [
        ("bedrock", {"region": "us-east-1", "api_key": "k"}, "aws.bedrock"),
        ("vertex", {"project": "p", "location": "eu", "token_provider": lambda: "t"}, "gcp.vertex_ai"),
    ],
)
def test_a_runtime_that_a_client_was_given_tells_the_provider(servers, runtime, given, provider):
    """A gateway in front of Bedrock or Vertex AI has a host of its own."""
    runtimes = pytest.importorskip("openai.providers", reason="this SDK has no runtimes")
    if not hasattr(runtimes, runtime):
        pytest.skip(f"this SDK has no runtime of {runtime}")
    made = getattr(runtimes, runtime)(base_url="https://gateway.test/openai/v1", **given)
    server = servers.of(openai.OpenAI(provider=made))
    assert (server.provider, server.address) == (provider, "gateway.test")


def test_a_region_of_openai_is_openai(servers):
    try:
        client = openai.OpenAI(api_key="sk-test", data_residency="eu")
    except TypeError:
        pytest.skip("this SDK knows no regions")
    server = servers.of(client)
    assert (server.provider, server.address, server.port) == ("openai", "eu.api.openai.com", 443)


def test_hosts_that_were_added_come_before_those_of_the_table():
    hosts = (("llm.corp.test", "azure.ai.openai"), ("api.groq.com", "acme"), ("localhost", "vllm"))
    servers = Servers(locate(OPENAI), hosts)
    for url, provider in {
        "https://llm.corp.test/v1": "azure.ai.openai",
        "https://eu.llm.corp.test/v1": "azure.ai.openai",
        "https://api.groq.com/openai/v1": "acme",
        "http://localhost:8000/v1": "vllm",
        "https://api.mistral.ai/v1": "mistral_ai",
        "https://other.test/v1": "openai",
    }.items():
        assert servers.of(make(url)).provider == servers.at(f"{url}/chat/completions").provider == provider


def test_hosts_with_a_port_or_a_path():
    """Two servers of one machine, and all that a gateway leads to."""
    hosts = {
        "localhost": "acme",
        "localhost:8000": "vllm",
        "[::1]:11434": "ollama",
        "gateway.test": "gateway",
        "gateway.test/groq": "groq",
        "gateway.test/my/azure": "azure.ai.openai",
        "gateway.test:8443/groq": "other",
    }
    servers = Servers(locate(OPENAI), hosts.items())
    for url, provider in {
        "http://localhost:8000/v1": "vllm",
        "http://localhost:8001/v1": "acme",
        "http://localhost/v1": "acme",
        "http://[::1]:11434/v1": "ollama",
        "http://[::1]:11435/v1": "openai",
        "https://gateway.test/v1": "gateway",
        "https://gateway.test/groq": "groq",
        "https://eu.gateway.test./groq/openai/v1": "groq",
        "https://gateway.test/groqs/openai/v1": "gateway",
        "https://gateway.test/my/azure/v1": "azure.ai.openai",
        "https://gateway.test/my/v1": "gateway",
        "https://gateway.test:8443/groq/v1": "other",
        "https://mine.services.ai.azure.com/models": "azure.ai.inference",
        "https://mine.services.ai.azure.com/openai/v1": "azure.ai.openai",
    }.items():
        assert servers.of(make(url)).provider == provider, url
        assert servers.at(f"{url}/chat/completions").provider == provider, url


@pytest.mark.parametrize(
    "path", ["/chat/completions?back=https://app.test/", "https://azure.test/openai/chat/completions"]
)
def test_a_client_that_says_who_answers_says_so_whatever_the_url(path, run):
    with capture() as telemetry:
        client = openai.AzureOpenAI(
            api_key="k", api_version="1", azure_endpoint="https://azure.test", http_client=mock_client()
        )
        client.post(path, body={"model": "m", "messages": []}, cast_to=object)
    (span,) = telemetry.spans
    assert span["attributes"]["gen_ai.provider.name"] == "azure.ai.openai"
    assert span["attributes"]["server.address"] == "azure.test"


def test_a_whole_host_that_was_added_is_all_that_is_known_of_it():
    servers = Servers(locate(OPENAI), [("services.ai.azure.com", "mine")])
    assert servers.of(make("https://r.services.ai.azure.com/models")).provider == "mine"


def test_a_setting_adds_hosts(run):
    with capture(provider_hosts="llm.corp.test=mistral_ai") as telemetry:
        client = openai.OpenAI(api_key="k", base_url="https://llm.corp.test/v1", http_client=mock_client())
        client.embeddings.create(model="m", input="x")
    (span,) = telemetry.spans
    assert span["attributes"]["gen_ai.provider.name"] == "mistral_ai"


@pytest.mark.parametrize(
    ("url", "deployment"),
    [
        ("https://r.openai.azure.com/openai/deployments/my%20gpt/", "my gpt"),
        ("https://r.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=1", "gpt"),
        ("https://r.openai.azure.com/openai/", None),
        ("https://llm.test/deployments/gpt/", None),  # nobody says that this is Azure
    ],
)
def test_a_deployment_that_azures_url_names_is_told(url, deployment):
    servers = Servers(locate(OPENAI))
    for server in (servers.of(make(url)), servers.at(url)):
        assert server.start(CHAT)[0].get("gossamer.azure.deployment") == deployment
        assert "gossamer.azure.deployment" not in server.start(CHAT)[1]


def test_an_azure_client_tells_its_deployment(servers):
    client = openai.AzureOpenAI(
        api_key="k", api_version="1", azure_endpoint="https://r.openai.azure.com", azure_deployment="gpt"
    )
    assert servers.of(client).deployment == "gpt"
