"""Every limit, at it and one past it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from machine_world import ALICE, BOB, HERE, THERE, World, address, counts_up, run_pure, verified

from vm import limits
from vm.assembler import assemble
from vm.assembly import AssemblyError
from vm.codec import decode_module, encode_module
from vm.failure import Code, Failure
from vm.illegal import Illegal, Reason
from vm.journal import Journal
from vm.verifier import verify

RETURN = "\n  return\n"


def repeated(count: int, line: Callable[[int], str]) -> str:
    return "\n".join(line(n) for n in range(count)) + "\n"


def options(depth: int) -> str:
    """An option of an option … of `u8`, so many types deep, as a table and as a spelling."""
    lines, spelling = [], "u8"
    for _ in range(depth - 1):
        spelling = f"Option[{spelling}]"
        lines.append(f"type {spelling}")
    return "\n".join(lines) + f"\nfield x: {spelling}\n"


def nested(count: int, inside: str) -> str:
    return "\n".join(["const 0\nif"] * count) + f"\n{inside}\n" + "\n".join(["end"] * count)


def indented(code: str) -> str:
    return "".join(f"  {line}\n" for line in code.splitlines() if line)


def chain(height: int) -> str:
    """Functions that invoke each other in a row."""
    return repeated(
        height,
        lambda n: f"private f{n}()\n" + (f"  invoke f{n + 1}\n" if n + 1 < height else "") + "  return",
    )


def many_types(count: int) -> str:
    """So many types, all used by events of eight fields."""
    fields = [f"f{n}: Bytes[{n + 1}]" for n in range(count)]
    events = [f"event E{n}({', '.join(fields[n : n + 8])})" for n in range(0, count, 8)]
    return repeated(count, lambda n: f"type Bytes[{n + 1}]") + "\n".join(events)


STATIC: dict[str, Callable[[int], str]] = {
    "TYPES_MAX": many_types,
    "TYPE_DEPTH_MAX": options,
    "STRUCT_FIELDS_MAX": lambda n: f"type struct S({', '.join(f'f{k}: u8' for k in range(n))})\nfield s: S\n",
    "VARIANTS_MAX": lambda n: f"type enum S({', '.join(f'V{k}' for k in range(n))})\nfield s: S\n",
    "CONSTANTS_MAX": lambda n: repeated(n, lambda k: f"const u64 = {k}"),
    "STATE_FIELDS_MAX": lambda n: repeated(n, lambda k: f"field f{k}: u8"),
    "PHASES_MAX": lambda n: repeated(n, lambda k: f"phase P{k}"),
    "EVENTS_MAX": lambda n: repeated(n, lambda k: f"event E{k}()"),
    "ERRORS_MAX": lambda n: repeated(n, lambda k: f"error E{k}()"),
    "EXTERNALS_MAX": lambda n: repeated(n, lambda k: f"external view I.f{k}()"),
    "IMPLEMENTS_MAX": lambda n: repeated(n, lambda k: f"implements I{k}"),
    "FUNCTIONS_MAX": lambda n: repeated(n, lambda k: f"pure f{k}()\n  return"),
    "PARAMETERS_MAX": lambda n: f"pure f({', '.join(f'p{k}: u8' for k in range(n))})" + RETURN,
    "LOCALS_MAX": lambda n: "pure f(p: u8)\n" + repeated(n - 1, lambda _: "  local u8") + "  return\n",
    "BLOCK_DEPTH_MAX": lambda n: "const bool = true\npure f()\n" + indented(nested(n, "")) + "  return\n",
    "LOOP_DEPTH_MAX": lambda n: "pure f()\n" + "  loop 1\n" * n + "  end\n" * n,
    "STACK_DEPTH_MAX": lambda n: "pure f()\n" + "  now\n" * n + "  return\n",
    "NAME_CHARACTERS_MAX": lambda n: f"field {'f' * n}: u8\n",
    "LOOP_PASSES_MAX": lambda n: f"pure f()\n  loop {n}\n  end\n",
    "TEXT_BYTES_MAX": lambda n: f"type Text[{n}]\nfield t: Text[{n}]\n",
    "BYTES_MAX": lambda n: f"type Bytes[{n}]\nfield t: Bytes[{n}]\n",
    "LIST_ELEMENTS_MAX": lambda n: f"type List[u8, {n}]\nfield t: List[u8, {n}]\n",
    "INVOKE_DEPTH_MAX": chain,
}


@pytest.mark.parametrize("name", sorted(STATIC))
def test_limit_of_a_module(name: str) -> None:
    """A module at the limit is verified; one past it is refused with `limit`, and the limit is named."""
    most = getattr(limits, name)
    build = STATIC[name]
    verify(assemble("module M\n" + build(most)))
    with pytest.raises((Illegal, AssemblyError), match=name):
        verify(assemble("module M\n" + build(most + 1)))


def test_code_words_max() -> None:
    """Code of CODE_WORDS_MAX words is verified, one word more is not."""
    even = "module M\npure f()\n" + "  now\n  drop\n" * 4095 + "  now\n  return\n"
    module = assemble(even)
    assert len(module.functions[0].code) == limits.CODE_WORDS_MAX
    verify(module)
    with pytest.raises(Illegal, match="CODE_WORDS_MAX"):
        verify(assemble(even.replace("  return\n", "  drop\n  return\n")))


def test_type_nodes_max() -> None:
    """A type of TYPE_NODES_MAX types, counted with repetition, is taken; one more is refused."""
    six, seven, eight = (f"({', '.join(['u8'] * n)})" for n in (6, 7, 8))

    def text(items: list[str]) -> str:
        whole = f"({', '.join(items)})"
        tables = "\n".join(f"type {kind}" for kind in (*dict.fromkeys(items), whole))
        return f"module M\n{tables}\nfield x: {whole}\n"

    # One for the whole, eight for each tuple of seven, seven for the tuple of six.
    verify(assemble(text([*[seven] * 31, six])))
    with pytest.raises(AssemblyError, match="TYPE_NODES_MAX"):
        assemble(text([*[seven] * 32]))
    with pytest.raises(AssemblyError, match="TYPE_NODES_MAX"):
        assemble(text([*[seven] * 30, eight, six]))


@pytest.mark.parametrize(("length", "legal"), [(4095, True), (4096, False)])
def test_type_size_bytes_max(length: int, legal: bool) -> None:
    """Sixteen bytes an element and four for the list: 4,095 elements fit in 64 KiB, 4,096 do not."""
    text = f"module M\ntype List[u128, {length}]\nprivate f(x: List[u128, {length}]){RETURN}"
    if legal:
        verify(assemble(text))
    else:
        with pytest.raises(AssemblyError, match="TYPE_SIZE_BYTES_MAX"):
            assemble(text)


@pytest.mark.parametrize(("length", "legal"), [(254, True), (255, False)])
def test_key_bytes_max(length: int, legal: bool) -> None:
    """A key is at most KEY_BYTES_MAX bytes when encoded: a text of 254 bytes with two in front is."""
    text = f"module M\ntype Text[{length}]\ntype Set[Text[{length}]]\nfield s: Set[Text[{length}]]\n"
    if legal:
        verify(assemble(text))
    else:
        with pytest.raises(AssemblyError, match="KEY_BYTES_MAX"):
            assemble(text)


@pytest.mark.parametrize(("length", "legal"), [(4079, True), (4080, False)])
def test_event_bytes_max(length: int, legal: bool) -> None:
    """An event's fields are at most EVENT_BYTES_MAX bytes: 3 + 3 · 4,099 + 4,082 + 2 = 16,384."""
    fields = f"a: Text[4096], b: Text[4096], c: Text[4096], d: Text[{length}], e: u8"
    text = f"module M\ntype Text[4096]\ntype Text[{length}]\nevent E({fields})\n"
    module = assemble(text)
    if legal:
        verify(module)
    else:
        with pytest.raises(Illegal, match="EVENT_BYTES_MAX"):
            verify(module)


def test_module_bytes_max() -> None:
    """A module of MODULE_BYTES_MAX bytes is encoded and decoded; one byte more is refused either way."""

    def padded(length: int) -> str:
        full = "".join(f'const Text[4096] = "{"x" * 4096}"\n' for _ in range(15))
        return f'module M\ntype Text[4096]\n{full}const Text[4096] = "{"x" * length}"\n'

    size = len(encode_module(assemble(padded(3000))))
    fill = 3000 + limits.MODULE_BYTES_MAX - size
    data = encode_module(assemble(padded(fill)))
    assert len(data) == limits.MODULE_BYTES_MAX
    verify(decode_module(data))
    with pytest.raises(Illegal, match="MODULE_BYTES_MAX"):
        encode_module(assemble(padded(fill + 1)))
    with pytest.raises(Illegal, match="MODULE_BYTES_MAX"):
        decode_module(data + b"\0")


def test_currency_code_characters_max() -> None:
    """A code of twelve letters is one, of thirteen is not."""
    verify(assemble("module M\ncurrency ABCDEFGHIJKL\n"))
    with pytest.raises(Illegal) as refused:
        verify(assemble("module M\ncurrency ABCDEFGHIJKLM\n"))
    assert refused.value.code == Reason.NAME


def test_assembly_characters_max() -> None:
    """Text past ASSEMBLY_CHARACTERS_MAX is refused unread."""
    text = "module M\n;"
    assemble(text + "x" * (limits.ASSEMBLY_CHARACTERS_MAX - len(text)))
    with pytest.raises(AssemblyError):
        assemble(text + "x" * (limits.ASSEMBLY_CHARACTERS_MAX - len(text) + 1))


# While running.


def looping(body: str, *, signature: str, declarations: str = "") -> World:
    """A contract whose function does something `n` times."""
    world = World()
    head = f"module M\n{declarations}\nconst u64 = 0\nconst u64 = 1\n{signature}\n"
    world.deploy(verified(f"{head}{counts_up(1_000_000, indented(body))}  return\n"))
    return world


def count_at_most(world: World, most: int) -> None:
    """`f` may do it `most` times, and fails with LimitExceeded at one more."""
    world.session(gas_limit=10**10).call(HERE, "f", [most], ALICE)
    with pytest.raises(Failure) as failed:
        world.session(gas_limit=10**10).call(HERE, "f", [most + 1], ALICE)
    assert failed.value.name == Code.LIMIT_EXCEEDED


def test_events_bytes_max() -> None:
    """So many events of one byte a transaction, over all its calls."""
    world = looping("emit E", signature="public f(n: u64) does emit", declarations="event E()")
    most = limits.EVENTS_BYTES_MAX // (limits.EVENT_BYTES_EACH + 1)
    count_at_most(world, most)
    session = world.session()
    session.call(HERE, "f", [most], ALICE)
    with pytest.raises(Failure, match="LIMIT_EXCEEDED"):
        session.call(HERE, "f", [1], ALICE)


def test_calls_max() -> None:
    """So many calls of other contracts a transaction."""
    world = looping(
        "load at\nread 0",
        signature="public f(n: u64) does read read_other",
        declarations="external view I.g()\nfield at: Address",
    )
    world.store[HERE, b"\x91\x00"] = b"\xc4\x20" + THERE
    world.deploy(verified("module C\npure g()\n  return\n"), at=THERE)
    count_at_most(world, limits.CALLS_MAX)


def test_journal_entries_max() -> None:
    """So many changes a transaction."""
    world = looping("get 1\nstore x", signature="public f(n: u64) does write", declarations="field x: u64")
    count_at_most(world, limits.JOURNAL_ENTRIES_MAX)
    journal, table = Journal(), {}
    for _ in range(limits.JOURNAL_ENTRIES_MAX):
        journal.set(table, 0, 0)
    with pytest.raises(Failure, match="LIMIT_EXCEEDED"):
        journal.set(table, 0, 0)


def test_memory_bytes_max() -> None:
    """So many abstract bytes of values made; here 64 bytes a pass."""
    world = looping(
        "this\nthis\npack (Address, Address)\ndrop",
        signature="public f(n: u64)",
        declarations="type (Address, Address)",
    )
    count_at_most(world, limits.MEMORY_BYTES_MAX // 64)


def test_frames_max() -> None:
    """A chain of contracts may be FRAMES_MAX high and no higher."""
    module = verified(
        """module Link
external public Link.go()
field next: Address
field last: bool
init start(next: Address, last: bool) does write
  get 0
  store next
  get 1
  store last
  return
public go() does read call_other
  load last
  if
    return
  end
  load next
  call 0
  return
"""
    )
    world = World()
    for n in range(limits.FRAMES_MAX + 1):
        world.deploy(module, address(f"c{n + 1}"), n == limits.FRAMES_MAX, at=address(f"c{n}"))
    world.call("go", at=address("c1"))
    with pytest.raises(Failure) as failed:
        world.call("go", at=address("c0"))
    assert failed.value.name == Code.LIMIT_EXCEEDED
    assert len(failed.value.where) == limits.FRAMES_MAX


def test_deepest_invocations_in_the_longest_chain() -> None:
    """FRAMES_MAX contracts, each INVOKE_DEPTH_MAX functions deep, run whatever Python's stack is."""
    height = limits.INVOKE_DEPTH_MAX
    functions = "".join(f"private f{n}() does read call_other\n  invoke f{n + 1}\n  return\n" for n in range(1, height - 1))
    module = verified(
        f"""module Link
external public Link.go()
field next: Address
field last: bool
init start(next: Address, last: bool) does write
  get 0
  store next
  get 1
  store last
  return
public go() does read call_other
  invoke f1
  return
{functions}
private f{height - 1}() does read call_other
  load last
  if
    return
  end
  load next
  call 0
  return
"""
    )
    world = World()
    for n in range(limits.FRAMES_MAX):
        world.deploy(module, address(f"c{n + 1}"), n == limits.FRAMES_MAX - 1, at=address(f"c{n}"))
    world.call("go", at=address("c0"))


@pytest.mark.parametrize(("declared", "counts", "fails"), [(3, 2, False), (3, 3, True), (0, 0, True)])
def test_loop_bound(declared: int, counts: int, fails: bool) -> None:
    """A loop may make as many passes as it declares; entering one more fails, leaving before does not."""
    text = f"module M\nconst u64 = 0\nconst u64 = 1\npure f(n: u64) -> u64\n{counts_up(declared)}  get 1\n  return\n"
    if fails:
        with pytest.raises(Failure, match="LOOP_BOUND"):
            run_pure(text, [counts])
    else:
        assert run_pure(text, [counts])[0] == counts


def test_promise_gas_max(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checker that does not end within its own gas fails; the session's meter does not feel it."""
    module = verified("module M\ninvariant slow() -> bool\n  loop 1000\n    now\n    drop\n  end\npublic f()\n  return\n")
    monkeypatch.setattr("vm.execution.PROMISE_GAS_MAX", 50)
    world = World()
    world.deploy(module)
    session = world.session(check_promises=True)
    with pytest.raises(Failure) as failed:
        session.call(HERE, "f", [], BOB)
    assert failed.value.name == Code.INVARIANT_BROKEN
    assert failed.value.detail == "slow: its checker fails with OutOfGas"
    assert session.gas_used < 10
