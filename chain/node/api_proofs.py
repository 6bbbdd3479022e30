"""Operations that prove: values of the state and their absence, one or many, in the ledger's own form and in that of ICS-23; and
that a receipt is in its block.
"""

from __future__ import annotations

from typing import Any

from chain.node.api_ledger import AN_IDENTITY, OLD_HEIGHT
from chain.node.inquiries import header_at
from chain.node.key_names import KEY_NAME
from chain.node.operation import Answer, Operation, Query, Raw
from chain.node.parameters import Kind, Parameter, bad, choice, member
from chain.node.proofs import Prover
from chain.node.questions import Questions
from chain.node.rendering import receipt_json
from chain.node.schema import HASH, HEX, TEXT, listed, nullable, record, ref, same, whole
from chain.primitives.hash import merkle_path
from chain.primitives.limits import HEIGHT_MAX, PROOF_KEYS_MAX
from chain.primitives.refusal import Refusal, Refused

_KEY_WORDS = "In hexadecimal, or named, as `wallet:tael1…` or `field:tael1…:held`: docs/api.md has all forms."
_OWN, _ICS23 = "own", "ics23"
_FORM = "`own` is that of docs/ledger.md, `ics23` a protobuf `CommitmentProof` of ICS-23; own if not given."


def _read_names(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or not 1 <= len(value) <= PROOF_KEYS_MAX:
        raise bad(f"{name} must be a list of 1 to {PROOF_KEYS_MAX} keys")
    return [KEY_NAME.read(one, f"each of {name}") for one in value]


_NAMES = Kind({"type": "array", "items": KEY_NAME.schema, "minItems": 1, "maxItems": PROOF_KEYS_MAX}, _read_names)
_KEY = record(name=TEXT, key=HEX, value=nullable(HEX))
_REFUSALS = (
    *(Refused.WRONG_ADDRESS, Refused.WRONG_KEY, Refused.NOT_FOUND, Refused.PRUNED, Refused.TOO_LARGE),
    *(Refused.WRONG_PROOF, Refused.WRONG_STORE),
)


class ProofApi:
    """The answers."""

    def __init__(self, node: Questions) -> None:
        self._node = node
        form = Parameter("form", choice(_OWN, _ICS23), _FORM, _OWN, default=_OWN)
        height = Parameter("height", member(0, HEIGHT_MAX), OLD_HEIGHT.description, 0)
        self.operations = (
            Operation(
                *("GET", "/v1/proof", "proof"),
                "A proof of the value of a key, or that there is none, with the header under whose state root it holds.",
                self.proof,
                parameters=(Parameter("key", KEY_NAME, _KEY_WORDS, "parameters", required=True), form, OLD_HEIGHT),
                answers=record(key=HEX, value=nullable(HEX), form=TEXT, proof=HEX, header=HEX),
                refusals=_REFUSALS,
                bare="The proof.",
                unpaid=True,
            ),
            Operation(
                *("POST", "/v1/proofs", "proofs"),
                f"One proof of at most {PROOF_KEYS_MAX} keys, present and absent, each sibling once.",
                self.proofs,
                body=(
                    Parameter("keys", _NAMES, "Each as `key` of a single proof.", ["parameters", "currency:CNY"], required=True),
                    form,
                    height,
                ),
                answers=record(keys=listed(_KEY), form=TEXT, proof=HEX, header=HEX),
                refusals=_REFUSALS,
                bare="The proof.",
                unpaid=True,
            ),
            Operation(
                *("GET", "/v1/receipts/{id}/proof", "receipt_proof"),
                "That a receipt is in its block: the path of RFC 6962 from it to the receipts root of the header.",
                self.receipt,
                places=(AN_IDENTITY,),
                answers=record(
                    receipt=ref("Receipt"), form=same("rfc6962"), index=whole(), size=whole(1), path=listed(HASH), header=HEX
                ),
                refusals=(Refused.NOT_FOUND, Refused.PRUNED),
            ),
        )

    async def proof(self, query: Query) -> Answer:
        """See the table."""
        with Prover.open(self._node) as prover:
            await prover.go_to(query["height"])
            (key,) = prover.keys([query["key"]])
            (proof,) = await prover.single([key])
            data = proof.encoded if query["form"] == _OWN else await prover.one(proof)
            if query.raw:
                return Raw(data, prover.header)
            value = None if proof.value is None else proof.value.hex()
            return {"key": key.hex(), "value": value, **_told(query, data, prover)}

    async def proofs(self, query: Query) -> Answer:
        """See the table."""
        with Prover.open(self._node) as prover:
            await prover.go_to(query["height"])
            keys = prover.keys(query["keys"])
            data = await (prover.many(keys) if query["form"] == _OWN else prover.batch(keys))
            if query.raw:
                return Raw(data, prover.header)
            rows = []
            for name, key in zip(query["keys"], keys, strict=True):
                value = prover.state.value_of(key)
                rows.append({"name": name, "key": key.hex(), "value": None if value is None else value.hex()})
            return {"keys": rows, **_told(query, data, prover)}

    async def receipt(self, query: Query) -> Answer:
        """See the table."""
        store = self._node.store
        place = store.find(query["id"])
        if place is None:
            raise Refusal(Refused.NOT_FOUND, "no block has this transaction")
        receipts = store.receipts(place[0])
        receipt = self._node.receipt(query["id"])
        assert receipt is not None
        return {
            "receipt": receipt_json(receipt, store),
            "form": "rfc6962",
            "index": place[1],
            "size": len(receipts),
            "path": [step.hex() for step in merkle_path(receipts, place[1])],
            "header": header_at(self._node, place[0]).encoded.hex(),
        }


def _told(query: Query, data: bytes, prover: Prover) -> dict[str, Any]:
    header = prover.header
    return {
        "form": query["form"],
        "proof": data.hex(),
        "header": header.encoded.hex(),
        "height": header.height,
        "state_root": header.state_root.hex(),
    }
