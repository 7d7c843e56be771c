"""Contracts and small engines that modules and flows run on: units of work, outbox, sagas, hooks, providers."""

from commerce.runtime.bus import BatchReaction, Bus, Reaction
from commerce.runtime.hooks import HookRelay, UnknownHook, build_hooks, hookimpl
from commerce.runtime.outbox import Envelope, Outbox, Recorder, Relay
from commerce.runtime.providers import PluginNotInstalled, Providers, UnknownProvider, load_plugin
from commerce.runtime.retrying import retried
from commerce.runtime.saga import (
    InProgress,
    Saga,
    SagaLog,
    SagaRecord,
    SagaRunner,
    SagaStatus,
    Step,
    UnknownProcess,
    Waiting,
    fingerprint,
)
from commerce.runtime.uow import Begin, Storage, unit_of_work

__all__ = [
    "BatchReaction",
    "Begin",
    "Bus",
    "Envelope",
    "HookRelay",
    "InProgress",
    "Outbox",
    "PluginNotInstalled",
    "Providers",
    "Reaction",
    "Recorder",
    "Relay",
    "Saga",
    "SagaLog",
    "SagaRecord",
    "SagaRunner",
    "SagaStatus",
    "Step",
    "Storage",
    "UnknownHook",
    "UnknownProcess",
    "UnknownProvider",
    "Waiting",
    "build_hooks",
    "fingerprint",
    "hookimpl",
    "load_plugin",
    "retried",
    "unit_of_work",
]
