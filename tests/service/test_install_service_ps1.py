"""install_service.ps1 cannot run where these tests do; that it can be read at all is told by its grammar."""

from __future__ import annotations

from pathlib import Path

import tree_sitter
import tree_sitter_powershell

SCRIPT = Path(__file__).parents[2] / "install_service.ps1"


def test_powershell_parses() -> None:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    source = SCRIPT.read_bytes()
    assert parser.parse(b"if ($x) { 'unfinished").root_node.has_error, "the grammar finds errors"
    assert not parser.parse(source).root_node.has_error


def test_windows_powershell_reads_every_character_as_it_was_written() -> None:
    assert SCRIPT.read_bytes().isascii(), "without a byte order mark PowerShell 5.1 takes a file for ANSI"
