"""What implementations of ICS-23 that are not ours say about our proofs. Run with `-m long -s`.

Skipped where there is no Go or no Rust, or where their packages cannot be fetched.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from chain.client.client import Client
from chain.client.proofs import ICS23, prove_many
from chain.node.development import development_wallets
from chain.node.devnet import start_devnet
from chain.primitives.header import decode_header
from chain.primitives.keys import SecretKey
from chain.primitives.keyspace import PARAMETERS, account_key
from chain.primitives.transaction import OpenWallet, Pay
from chain.state.proving import absence_proof, batch_proof, existence_proof
from tests.chain.proof_world import World, absent_key, random_world

HERE = Path(__file__).parent / "ics23"
SIZES = (1, 2, 3, 4, 7, 16, 33, 100, 250, 700, 1_800, 5_000)  # keys of a tree
TREES_EACH = 3
KEYS_EACH = 130  # of a tree, proved present; as many absent
BATCHES_EACH = 20
ALTERED_EACH = 3  # proofs of each kind of which every byte is altered

pytestmark = pytest.mark.long


def build_go(target: Path) -> tuple[list[str], Path]:
    """The command that builds the program in Go, and where the program will be."""
    return ["go", "build", "-o", str(target / "check"), "."], target / "check"


def build_rust(target: Path) -> tuple[list[str], Path]:
    """The same in Rust."""
    return ["cargo", "build", "--release", "--locked", "--target-dir", str(target)], target / "release" / "ics23check"


@pytest.fixture(scope="module", params=[build_go, build_rust], ids=["go", "rust"])
def checker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that asks an implementation: github.com/cosmos/ics23 in Go, or the crate of the same authors in Rust."""
    command, program = request.param(tmp_path_factory.mktemp("ics23"))
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    language = request.param.__name__.removeprefix("build_")
    built = subprocess.run(command, cwd=HERE / language, capture_output=True, text=True, check=False)
    if built.returncode and any(sign in built.stderr for sign in ("dial tcp", "Could not resolve host", "download")):
        pytest.skip("needs packages that cannot be fetched")
    assert built.returncode == 0, built.stderr
    return Path(program)


def ask(checker: Path, lines: Iterator[str]) -> dict[str, int]:
    """The figures of the program, which must have found every line as expected."""
    done = subprocess.run([checker], input="\n".join(lines), capture_output=True, text=True, check=True)
    print(done.stdout)
    words = done.stdout.splitlines()[-1].split()
    figures = {name: int(count) for name, count in zip(words[::2], words[1::2], strict=True)}
    assert figures["wrong"] == 0, done.stdout
    return figures


def line(verdict: str, root: bytes, proof: bytes, claims: Mapping[bytes, bytes | None], *, alter: bool = False) -> str:
    """A question: whether a proof shows the claims."""
    words = [f"{key.hex()}!" if value is None else f"{key.hex()}={value.hex()}" for key, value in claims.items()]
    return " ".join([verdict, "*" if alter else ".", root.hex(), proof.hex(), *words])


def single_lines(world: World, chance: random.Random) -> Iterator[str]:
    """Proofs of one key, each also for what it does not show."""
    elsewhere = bytes([world.root[0] ^ 1]) + world.root[1:]
    for number in range(KEYS_EACH):
        key, absent = chance.choice(world.ordered), absent_key(world, chance)
        value, alter = world.items[key], number < ALTERED_EACH
        proof = existence_proof(world.state, key)
        yield line("+", world.root, proof, {key: value}, alter=alter)
        yield line("-", elsewhere, proof, {key: value})
        yield line("-", world.root, proof, {key: value + b"x"})
        yield line("-", world.root, proof, {absent: value})
        yield line("-", world.root, proof, {key: None})
        yield line("-", world.root, proof, {absent: None})
        proof = absence_proof(world.state, absent)
        yield line("+", world.root, proof, {absent: None}, alter=alter)
        yield line("-", elsewhere, proof, {absent: None})
        yield line("-", world.root, proof, {key: None})
        yield line("-", world.root, proof, {absent: b"x"})


def batch_lines(world: World, chance: random.Random) -> Iterator[str]:
    """Proofs of up to 40 keys, each also with one claim that is not so."""
    for number in range(BATCHES_EACH):
        keys = [chance.choice(world.ordered) for _ in range(chance.randint(0, 20))]
        keys += [absent_key(world, chance) for _ in range(chance.randint(1, 20))]
        claims = {key: world.items.get(key) for key in keys[: 6 if number < ALTERED_EACH else None]}
        proof = batch_proof(world.state, claims)
        yield line("+", world.root, proof, claims, alter=number < ALTERED_EACH)
        key, value = chance.choice(list(claims.items()))
        yield line("-", world.root, proof, {**claims, key: b"x" if value is None else value + b"x"})
        yield line("-", world.root, proof, {**claims, key: None if value is not None else b"x"})


def test_another_implementation_accepts_proofs_and_refuses_what_they_do_not_show(checker: Path) -> None:
    """Of 36 random trees of 1 to 5,000 keys, present, absent and in batches; and no altered byte of sampled ones is accepted."""
    chance = random.Random(23)

    def lines() -> Iterator[str]:
        for size in SIZES * TREES_EACH:
            world = random_world(size, chance)
            yield from single_lines(world, chance)
            yield from batch_lines(world, chance)

    figures = ask(checker, lines())
    trees = len(SIZES) * TREES_EACH
    assert figures["accepted"] == trees * (2 * KEYS_EACH + BATCHES_EACH)
    assert figures["refused"] == trees * (8 * KEYS_EACH + 2 * BATCHES_EACH)
    assert figures["altered"] > 500_000


def http_lines(client: Client, heights: Sequence[int], chance: random.Random) -> Iterator[str]:
    """Proofs that a node gives over HTTP of what is in its ledger, at some heights, each also for what it does not show."""
    wallets = [account_key(wallet.address) for wallet in development_wallets()]
    for height in heights:
        header = decode_header(bytes.fromhex(client.block(height)["header"]["encoded"]))
        for key in [*wallets, PARAMETERS, *(chance.randbytes(chance.randint(1, 40)) for _ in range(20))]:
            told = client.get("/v1/proof", key=key.hex(), form=ICS23, height=str(height))
            value = None if told["value"] is None else bytes.fromhex(told["value"])
            proof = bytes.fromhex(told["proof"])
            yield line("+", header.state_root, proof, {key: value})
            yield line("-", header.receipts_root, proof, {key: value})
            yield line("-", header.state_root, proof, {key: b"x" if value is None else None})
        keys = [*chance.sample(wallets, 5), PARAMETERS, *(chance.randbytes(9) for _ in range(30))]
        shown = prove_many(client, keys, form=ICS23, header=header)
        yield line("+", header.state_root, shown.encoded, shown.values)
        yield line("-", header.state_root, shown.encoded, {**shown.values, keys[0]: b"x"})


def test_another_implementation_accepts_what_a_node_gives_over_http(checker: Path) -> None:
    """Of wallets, parameters and absent keys, one by one and in a batch, at the head and at older heights."""
    alice, bob = development_wallets()[:2]
    with start_devnet() as node, Client(node.address, retry_seconds=20) as client:
        for n in range(12):
            client.send(alice.key, alice.address, [Pay(bob.address, "CNY", 1 + n), OpenWallet(SecretKey(bytes([n] * 32)).public)])
        figures = ask(checker, http_lines(client, (0, 1, 5, 11, 12), random.Random(3)))
    assert (figures["accepted"], figures["refused"]) == (5 * 32, 5 * 63)


def test_the_question_can_be_answered_otherwise(checker: Path) -> None:
    """The program does tell a wrong expectation: what holds is not reported as refused, nor the other way around."""
    world = random_world(5, random.Random(1))
    key = world.ordered[0]
    proof = existence_proof(world.state, key)
    for verdict, value in (("-", world.items[key]), ("+", b"other")):
        with pytest.raises(AssertionError, match="WRONG line 1"):
            ask(checker, iter([line(verdict, world.root, proof, {key: value})]))
