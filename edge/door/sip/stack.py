"""The SIP stack: its configuration (account, addresses, encryption), and outgoing calls."""

import ssl
from pathlib import Path

from baresip import Account, Config, StackEvent
from baresip.call import Call
from baresip.runtime import Runtime
from baresip.ua import UserAgent

from runtime.settings import Settings

REGISTER_S = 600
"""The validity of a registration, which the stack renews before."""
NO_SOUND_S = 60.0
"""The time without packets after which a line is dead, unless it is on hold."""
TO = "To"
"""The header with the dialled number."""
SRTP = {"offered": ("mediaenc=srtp",), "required": ("mediaenc=srtp-mand",), "off": ()}


def domain_of(settings: Settings) -> str:
    return settings.sip_domain or settings.sip_address or "localhost"


def address_of(settings: Settings, to: str) -> str:
    """Return the address of *to*, a number or an address."""
    if to.lower().startswith(("sip:", "sips:")):
        return to
    return by_transport(settings, f"sip:{to}@{domain_of(settings)}")


def by_transport(settings: Settings, address: str) -> str:
    """Return *address* with the account's transport, unless it names one; the default is UDP."""
    if settings.sip_transport == "udp" or ";transport=" in address.lower():
        return address
    return f"{address};transport={settings.sip_transport}"


def account_of(settings: Settings) -> Account:
    """Return the account in *settings*, which takes calls for any number.

    Raises:
        ValueError: a part of it is invalid.
    """
    registrar = settings.sip_registrar
    return Account(
        user=settings.sip_user,
        domain=domain_of(settings),
        password=settings.sip_password.get_secret_value(),
        registrar=by_transport(settings, registrar) if registrar else None,
        reg_interval=REGISTER_S if settings.sip_register else 0,
        transport=settings.sip_transport,
        auth_user=settings.sip_auth_user or None,
        extra_params=("catchall=yes", *SRTP[settings.sip_srtp]),
    )


def config_of(settings: Settings) -> Config:
    """Return the configuration of the stack.

    Raises:
        ValueError: a part of it is invalid.
    """
    ca = settings.sip_ca or ssl.get_default_verify_paths().cafile
    for file in (settings.sip_ca, settings.sip_certificate):
        if file and not Path(file).is_file():
            raise ValueError(f"{file} is no file")  # the stack reports no missing file
    lines = [
        f"sip_listen {settings.sip_listen}",
        f"rtp_ports {settings.sip_rtp_ports}",
        "audio_jitter_buffer_type adaptive",
        "audio_jitter_buffer_ms 20-160",
        "sip_verify_server yes",
    ]
    if ca:
        lines.append(f"sip_cafile {ca}")
    if settings.sip_certificate:
        lines.append(f"sip_certificate {settings.sip_certificate}")
    return Config(
        net_interface=settings.sip_address or None,
        native_log_level="error",
        max_concurrent_calls=settings.sip_max_calls,
        expose_headers=(TO,),
        rtp_timeout=int(NO_SOUND_S),
        extra_config_text="".join(f"{line}\n" for line in lines),
    )


async def dialled(runtime: Runtime, agent: UserAgent, address: str) -> Call:
    """Return a call to *address*, which may be established already.

    The library's call gets events from the return of `dial` on. A telephone that answers at once
    may be faster, and the call would then wait for the answer until it times out.

    Raises:
        BaresipError: the stack refused.
        ValueError: the address is invalid.
    """
    early: list[StackEvent] = []
    listener = early.append
    runtime.subscribe(listener)
    try:
        call = await agent.dial(address)
    finally:
        runtime.unsubscribe(listener)
    for event in early:
        call._on_stack_event(event)  # it ignores the events of other calls
    return call
