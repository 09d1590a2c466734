"""install_service.ps1 cannot run where these tests do; what its grammar tells of it is looked at instead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

SCRIPT = Path(__file__).parents[2] / "install_service.ps1"
CMDLETS = {"New-Object", "Get-Command", "Select-Object", "Join-Path", "Test-Path", "Set-StrictMode"}
VARIABLES = {
    "$LASTEXITCODE",
    "$PSBoundParameters",
    "$PSScriptRoot",
    "$ErrorActionPreference",
    "$true",
    "$false",
}


@pytest.fixture(scope="module")
def parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


@pytest.fixture(scope="module")
def script(parser: tree_sitter.Parser) -> tree_sitter.Node:
    return parser.parse(SCRIPT.read_bytes()).root_node


def test_powershell_parses(parser: tree_sitter.Parser, script: tree_sitter.Node) -> None:
    assert parser.parse(b"if ($x) { 'unfinished").root_node.has_error, "the grammar finds errors"
    assert not script.has_error


def test_windows_powershell_reads_every_character_as_it_was_written() -> None:
    assert SCRIPT.read_bytes().isascii(), "without a byte order mark PowerShell 5.1 takes a file for ANSI"


def test_every_command_exists(script: tree_sitter.Node) -> None:
    functions = _texts(script, "function_name")
    assert _texts(script, "command_name") == functions | CMDLETS


def test_every_variable_has_a_value(script: tree_sitter.Node) -> None:
    given = _texts(script, "variable", below="script_parameter")
    given |= _texts(script, "variable", below="left_assignment_expression")
    given |= {_text(node.named_children[0]) for node in _nodes(script, "foreach_statement")}
    used = _texts(script, "variable")
    assert {name.lower().replace("@", "$") for name in used} == {
        name.lower() for name in given | (VARIABLES & used) | {"$_"} & used
    }


def test_nothing_is_newer_than_powershell_5(script: tree_sitter.Node) -> None:
    tokens = {_text(node) for node in _nodes(script) if node.child_count == 0}
    assert not tokens & {"&&", "||", "??", "??=", "?.", "?"}
    assert not list(_nodes(script, "ternary_expression"))


def _nodes(node: tree_sitter.Node, kind: str | None = None) -> Iterator[tree_sitter.Node]:
    if kind is None or node.type == kind:
        yield node
    for child in node.children:
        yield from _nodes(child, kind)


def _texts(node: tree_sitter.Node, kind: str, below: str | None = None) -> set[str]:
    roots = _nodes(node, below) if below else [node]
    return {_text(found) for root in roots for found in _nodes(root, kind)}


def _text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode()
