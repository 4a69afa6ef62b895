"""A tenant's file: reads YAML into a `Tenant`; an error names the line."""

from functools import lru_cache

from runtime.agents.config_file import converted
from schemas.tenant import Tenant

TENANT_NOUN = "tenant"


@lru_cache(maxsize=512)
def parse(text: str) -> Tenant:
    """Return the tenant that *text* describes.

    Raises:
        ConfigFileError: it describes none.
    """
    return converted(text, Tenant, "a tenant is a mapping, such as `agent: host`")[0]
