"""What sops encrypts is left alone, whatever place means it and in whatever notation."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot import edits
from gitops_bot.errors import EditRefused
from tests.edits.by_hand import target
from tests.edits.trees import Files

MAC = "ENC[AES256_GCM,data:y,type:str]"


@pytest.mark.parametrize(
    ("name", "spot", "text", "line"),
    [
        ("yaml", {"file": "f", "path": "v"}, f"v: 1\nsops:\n  mac: {MAC}\n", 3),
        ("yaml", {"file": "f", "path": "v"}, f'v: 1\nsops: {{"mac": "{MAC}"}}\n', 2),
        ("json", {"file": "f", "path": "v"}, f'{{"v": 1, "sops": {{"mac": "{MAC}"}}}}\n', 1),
        ("env", {"file": "f", "key": "V"}, f"V=1\nsops_mac={MAC}\n", 2),
    ],
)
def test_a_sealed_file_is_not_edited(name: str, spot: dict[str, Any], text: str, line: int) -> None:
    with pytest.raises(EditRefused, match=rf"f:{line}: sops encrypts the file") as refused:
        edits.put(target(name, **spot), 2, Files({"f": text.encode()}))
    assert "a file of its own" in str(refused.value)


def test_what_merely_speaks_of_sops_is_edited() -> None:
    (change,) = edits.put(target("yaml", file="f", path="v"), 2, Files({"f": b"v: 1 # not sops: {mac: x}\n"}))
    assert change.after == b"v: 2 # not sops: {mac: x}\n"
