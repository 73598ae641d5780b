"""Who answers: provider name, server address and port of a client, worked out once per client."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from gossamer import semconv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gossamer.operations import Operation
    from gossamer.sdk import SDK

OPENAI: Final = "openai"
AZURE: Final = "azure.ai.openai"
AZURE_INFERENCE: Final = "azure.ai.inference"

#: Host suffix → the value of `gen_ai.provider.name`: the well-known one, where the conventions have one. Who
#: speaks OpenAI's format and has none is called `openai`, as a host that is not listed is, such as a proxy or
#: a server of one's own; `server.address` tells which it really was. `GOSSAMER_PROVIDER_HOSTS` adds to these.
#: A port, and the beginning of the path, may follow: `localhost:8000`, `gateway.example/groq`.
PROVIDERS_BY_HOST: Final[dict[str, str]] = {
    "api.openai.com": OPENAI,  # with its regions, such as eu.api.openai.com
    "api.cerebras.ai": OPENAI,
    "api.fireworks.ai": OPENAI,
    "api.together.ai": OPENAI,
    "api.together.xyz": OPENAI,
    "api.z.ai": OPENAI,
    "openrouter.ai": OPENAI,
    "router.huggingface.co": OPENAI,
    "openai.azure.com": AZURE,
    "cognitiveservices.azure.com": AZURE,
    "openai.azure.us": AZURE,
    "openai.azure.cn": AZURE,
    "cognitiveservices.azure.us": AZURE,
    "cognitiveservices.azure.cn": AZURE,
    "services.ai.azure.com": AZURE,
    "services.ai.azure.com/models": AZURE_INFERENCE,
    "inference.ai.azure.com": AZURE_INFERENCE,
    "models.github.ai": AZURE_INFERENCE,
    "api.anthropic.com": "anthropic",
    "api.cohere.ai": "cohere",
    "api.cohere.com": "cohere",
    "api.deepseek.com": "deepseek",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "api.groq.com": "groq",
    "ml.cloud.ibm.com": "ibm.watsonx.ai",
    "api.mistral.ai": "mistral_ai",
    "codestral.mistral.ai": "mistral_ai",
    "api.moonshot.ai": "moonshot_ai",
    "api.moonshot.cn": "moonshot_ai",
    "api.perplexity.ai": "perplexity",
    "api.x.ai": "x_ai",
}


_PORTS: Final = {"https": 443, "http": 80, "wss": 443, "ws": 80}  # of schemes

#: Servers kept by URL, for clients that are made for one call each.
_URLS: Final = 256


class Server:
    """One server as one client reaches it, with the span attributes that are the same for all its calls."""

    __slots__ = ("_templates", "address", "deployment", "port", "provider", "speaks_openai")

    def __init__(self, provider: str, address: str, port: int | None, deployment: str | None = None) -> None:
        """A server.

        Args:
            provider: `gen_ai.provider.name`.
            address: its host name; empty where there is none.
            port: None where it is not known.
            deployment: of Azure, where the URL names it, and not the model of each request.
        """
        self.provider = provider
        self.address = address
        self.port = port
        self.deployment = deployment
        # The conventions give `openai.*` attributes to the provider `openai` alone.
        self.speaks_openai = provider == OPENAI
        self._templates: dict[Operation, tuple[dict[str, Any], dict[str, Any]]] = {}

    def start(self, operation: Operation) -> tuple[dict[str, Any], dict[str, Any]]:
        """Two new dicts: the attributes that the span, and that the metric points, of each such call have."""
        templates = self._templates.get(operation)
        if templates is None:
            templates = self._templates[operation] = self._make_templates(operation)
        return templates[0].copy(), templates[1].copy()

    def _make_templates(self, operation: Operation) -> tuple[dict[str, Any], dict[str, Any]]:
        point: dict[str, Any] = {
            semconv.METHOD if operation.metrics == "plain" else semconv.OPERATION_NAME: operation.name,
            semconv.PROVIDER_NAME: self.provider,
        }
        if self.address:
            point[semconv.SERVER_ADDRESS] = self.address
            if self.port:
                point[semconv.SERVER_PORT] = self.port
        span = {**point, **operation.always}
        if operation.api_type and self.speaks_openai:
            span[semconv.API_TYPE] = operation.api_type
        if self.provider == AZURE_INFERENCE:
            span[semconv.AZURE_NAMESPACE] = "Microsoft.CognitiveServices"  # by the conventions, always
        if self.deployment:
            span[semconv.AZURE_DEPLOYMENT] = self.deployment
        return span, point


def provider_of(
    host: str,
    hosts: Mapping[str, str] = PROVIDERS_BY_HOST,
    default: str = OPENAI,
    *,
    port: int | None = None,
    path: str = "",
) -> str:
    """The provider behind a host name: the longest listed suffix wins, else it is the default.

    Of entries for the same suffix, one with a path that is the beginning of this one goes before one with the
    port, and that before one with neither.
    """
    host = host.lower()
    labels = host.split(".")
    segments = path.strip("/").split("/")
    paths = ["/".join(("", *segments[:count])) for count in range(len(segments), 0, -1)]
    for start in range(len(labels)):
        suffix = ".".join(labels[start:])
        with_port = f"[{suffix}]:{port}" if ":" in suffix else f"{suffix}:{port}"
        for rest in (*paths, ""):
            provider = hosts.get(f"{with_port}{rest}") or hosts.get(f"{suffix}{rest}")
            if provider is not None:
                return provider
    # Where a region, a service or an endpoint of one's own stands before the suffix:
    if host.endswith(".googleapis.com") and "aiplatform" in labels[0].split("-"):
        return "gcp.vertex_ai"
    if host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws")) and any(
        label.startswith(("bedrock-runtime", "bedrock-mantle")) for label in labels
    ):
        return "aws.bedrock"
    return default


def server_at(
    url: str,
    provider: str | None = None,
    hosts: Mapping[str, str] = PROVIDERS_BY_HOST,
    default: str = OPENAI,
) -> Server:
    """The server of a URL; without a port in it, the scheme's own."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")  # a dot at the end says that the name is whole
    port = parts.port or _PORTS.get(parts.scheme)
    found = provider or provider_of(host, hosts, default, port=port, path=parts.path)
    deployment = parts.path.partition("/deployments/")[2].partition("/")[0]
    return Server(found, host, port, unquote(deployment) if found == AZURE else None)


class Servers:
    """The server of each living client.

    Keyed by identity and checked by a weak reference, so that no client is kept alive, compared or hashed;
    `base_url` can be assigned, so it is checked too.
    """

    def __init__(
        self,
        sdk: SDK,
        hosts: Iterable[tuple[str, str]] = (),
        meet: Callable[[type[Any]], object] | None = None,
    ) -> None:
        """The servers of an SDK's clients.

        Args:
            sdk: whose clients they are.
            hosts: (host suffix, provider) each, as in `PROVIDERS_BY_HOST`, and before those.
            meet: called with the class of each client that is new.
        """
        self._sdk = sdk
        self._meet = meet
        default = sdk.package.provider
        # Who speaks OpenAI's format is only called so where nothing better is known.
        known = {host: who for host, who in PROVIDERS_BY_HOST.items() if default == OPENAI or who != OPENAI}
        named = dict(hosts)
        # A whole host that the app names is all that is known of it.
        known = {host: who for host, who in known.items() if host.partition("/")[0] not in named}
        self._hosts = {**known, **named}
        #: Segments of a path that can tell a provider.
        self._told_by_path = max(host.count("/") for host in self._hosts)
        self._by_client: dict[int, tuple[weakref.ref[Any], Any, Server]] = {}
        self._by_url: dict[tuple[str, str | None], Server] = {}

    def of(self, client: Any) -> Server:
        """The server that a client's calls go to."""
        known = self._by_client.get(id(client))
        # Not the property, which imports a module of the SDK at each reading (3.54.0).
        base_url = client.__dict__.get("_base_url")
        if known is not None and known[0]() is client and known[1] is base_url:
            return known[2]
        return self._look_up(client, base_url)

    def at(self, url: str, client: Any = None) -> Server:
        """The server of a URL, whatever the base URL of the client is that goes there, if it is absolute."""
        parts = urlsplit(url)
        if not parts.netloc and client is not None:
            return self.of(client)  # what looks absolute stands in its query
        if self._meet is not None and client is not None:
            self._meet(type(client))
        base, found, rest = parts.path.partition("/deployments/")
        if found:
            path = f"{base}{found}{rest.partition('/')[0]}"
        else:
            path = "/".join(base.split("/")[: self._told_by_path + 1])
        provider = None if client is None else self._provider_of(client)
        return self._of_url(f"{parts.scheme}://{parts.netloc}{path}", provider)

    def _look_up(self, client: Any, base_url: Any) -> Server:
        if self._meet is not None:
            self._meet(type(client))
        server = self._of_url(str(client.base_url), self._provider_of(client))
        if type(client).base_url in self._sdk.base_urls:
            # Else its base_url may change unseen, as the module-level client's does.
            identity, forget = id(client), self._by_client.pop
            # The callback may run in a garbage collection: dict.pop takes no lock.
            reference = weakref.ref(client, lambda _: forget(identity, None))
            self._by_client[identity] = (reference, base_url, server)
        return server

    def _of_url(self, url: str, provider: str | None) -> Server:
        key = url, provider
        server = self._by_url.get(key)
        if server is None:
            if len(self._by_url) >= _URLS:
                self._by_url.clear()
            server = server_at(url, provider, self._hosts, self._sdk.package.provider)
            self._by_url[key] = server
        return server

    def _provider_of(self, client: Any) -> str | None:
        """Who answers, where the client itself says so: by its type, or by a runtime that it was given."""
        for kind, provider in self._sdk.providers:
            if isinstance(client, kind):
                return provider
        runtime = getattr(client.__dict__.get("_provider_runtime"), "name", None)
        return self._sdk.package.runtimes.get(runtime) if type(runtime) is str else None
