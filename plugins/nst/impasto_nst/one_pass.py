"""Where the networks that paint any style in one pass come from. Imports no torch."""

from __future__ import annotations

from impasto.effects import Weights
from impasto.effects import text as _

_MICROAST_ADDRESS = (
    "https://raw.githubusercontent.com/EndyWon/MicroAST/5a6c9050d8c408191cb9db12c697f3e4c7ebe137/models/"
)

MICROAST = tuple(
    Weights(
        f"microast-{part}",
        _("Any picture as style, very large"),
        (f"file:microast-{part}.safetensors", f"{_MICROAST_ADDRESS}{file}_iter_160000.pth.tar"),
        size,
        "MIT",
        sha256,
        "impasto_nst.states:to_safetensors",
    )
    for part, file, size, sha256 in (
        (
            "content",
            "content_encoder",
            634_983,
            "c8d895c0eec52507c157e102fab217c37f0c399ef3e168ef8b0b2677714660a4",
        ),
        (
            "style",
            "style_encoder",
            634_983,
            "94f6b3fa386828692c20809a0af8bd0eba9c04e90a7d8842086976e4d223c5af",
        ),
        (
            "modulator",
            "modulator",
            12_158,
            "8588055baf7d5ad8398d595d5518c6f030e3ff8dbb6007a7c1779776e11da28b",
        ),
        (
            "decoder",
            "decoder",
            619_135,
            "32e04a46b953fd9f94ec9e20f351511305a5260e000c18f9aef6570d5f1e23d9",
        ),
    )
)

MSGNET = Weights(
    "msgnet-21styles",
    _("Broad strokes of any picture"),
    (
        "file:msgnet-21styles.safetensors",
        "file:21styles.model",
        "https://www.dropbox.com/s/2iz8orqqubrfrpo/21styles.model?dl=1",
    ),
    9_600_000,  # of its parameters; the published file could not be weighed
    "MIT",
    convert="impasto_nst.msgnet:to_safetensors",
)
