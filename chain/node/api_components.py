"""The schemas of what the API answers, by name."""

from __future__ import annotations

from chain.node.schema import (
    ADDRESS,
    AMOUNT,
    ANYTHING,
    CURSOR,
    HASH,
    HEIGHT,
    HEX,
    TEXT,
    TIME_MS,
    TRUTH,
    Schema,
    by_name,
    either,
    hexadecimal,
    listed,
    more,
    nullable,
    one_of,
    record,
    ref,
    same,
    whole,
)
from chain.primitives.limits import AUTHORITY_BYTES, HEIGHT_MAX, LANE_MAX, SEQUENCE_MAX
from chain.primitives.refusal import Refused

REFUSED: Schema = {"type": "string", "enum": [str(code) for code in Refused]}
MONEY = record(currency=TEXT, amount=AMOUNT, text=TEXT)
SCOPE = record(
    limits=listed(ref("SessionLimit")),
    payees=nullable(listed(ADDRESS)),
    calls=nullable(listed(record(contract=ADDRESS, functions=nullable(listed(TEXT))))),
    uses_max=nullable(whole()),
    deploys=TRUTH,
)
FIELDS = listed(record(name=TEXT, type=TEXT))
_SIGNING = record(session=hexadecimal(AUTHORITY_BYTES), key=ref("Policy"), expiry_ms=TIME_MS)
_EVENT = record(
    contract=ADDRESS, module=TEXT, event=TEXT, fields=nullable(by_name(ANYTHING)), payload={**HEX, "description": "Encoded."}
)


def action(name: str, **fields: Schema) -> Schema:
    """What one action of a transaction says."""
    return record(action=same(name), **fields)


COMPONENTS: dict[str, Schema] = {
    "Money": MONEY,
    "Following": {
        **record(
            url=TEXT,
            height=HEIGHT,
            behind=whole(),
            heard_ms_ago=nullable(whole()),
            head_age_ms=whole(),
            stopped=TRUTH,
            problem=nullable(ref("RefusalBody")),
        ),
        "description": "The node that this one follows, its height when it was last heard, and what is in the way.",
    },
    "Policy": {**record(threshold=whole(1), keys=listed(HEX)), "description": "So many of these keys sign."},
    "SessionLimit": record(single=ref("Money"), total=ref("Money"), period_ms=nullable(whole())),
    "Session": more(
        {
            **SCOPE,
            "required": [*_SIGNING["required"], *SCOPE["required"]],
            "properties": _SIGNING["properties"] | SCOPE["properties"],
        },
        granted_ms=TIME_MS,
        uses=whole(),
        spent=listed(more(MONEY, period=whole())),
    ),
    "Header": record(
        hash=HASH,
        chain_id=TEXT,
        height=HEIGHT,
        time_ms=TIME_MS,
        parent=HASH,
        transactions_root=HASH,
        receipts_root=HASH,
        state_root=HASH,
        supply=listed(ref("Supply")),
        gas_used=whole(),
        gas_limit=whole(),
        proposer=ADDRESS,
        encoded=HEX,
    ),
    "Supply": record(
        currency=TEXT,
        issued=AMOUNT,
        redeemed=AMOUNT,
        wallets=AMOUNT,
        contracts=AMOUNT,
        minted={**AMOUNT, "description": "By edits of a development chain, as `burned`."},
        burned=AMOUNT,
    ),
    "Event": _EVENT,
    "EventRow": more(_EVENT, cursor=CURSOR, block=HEIGHT, transaction=HASH),
    "Error": {
        **record(
            name=TEXT,
            fields=nullable(by_name(ANYTHING)),
            values=nullable(listed(ANYTHING)),
            contract=nullable(ADDRESS),
            action=nullable(whole()),
            payload=HEX,
        ),
        "description": "Why a transaction failed.",
    },
    "Failure": record(name=TEXT, values=listed(ANYTHING), contract=nullable(ADDRESS), detail=TEXT, payload=HEX),
    "Move": more(MONEY, from_=nullable(ADDRESS), to=nullable(ADDRESS), reason=TEXT),
    "Receipt": record(
        id=HASH,
        height=HEIGHT,
        index=whole(),
        ok=TRUTH,
        error=nullable(ref("Error")),
        gas_used=whole(),
        fee=AMOUNT,
        events=listed(ref("Event")),
        results=listed(nullable(HEX)),
        moves=listed(ref("Move")),
        encoded=HEX,
    ),
    "Call": {**record(kind=one_of("call", "write", "pay", "event")), "additionalProperties": True},
    "Interface": record(
        name=TEXT,
        currency=nullable(TEXT),
        implements=listed(TEXT),
        phases=listed(TEXT),
        functions=listed(record(name=TEXT, kind=TEXT, parameters=FIELDS, result=nullable(TEXT))),
        events=listed(record(name=TEXT, fields=FIELDS)),
        errors=listed(record(name=TEXT, fields=FIELDS)),
    ),
    "Action": either(
        action("open_wallet", key=ref("Policy"), guarded=TRUTH, rules=listed(ADDRESS)),
        action("set_rules", wallet=ADDRESS, rules=listed(ADDRESS)),
        action("pay", to=ADDRESS, currency=TEXT, amount=AMOUNT, text=TEXT),
        action("deploy", currency=TEXT, module=HEX, payload=HEX),
        action("call", contract=ADDRESS, function=TEXT, arguments=nullable(by_name(ANYTHING)), payload=HEX),
        action("set_policy", wallet=ADDRESS, key=ref("Policy")),
        action("grant", **(_SIGNING["properties"] | SCOPE["properties"])),
        action("revoke", session=hexadecimal(AUTHORITY_BYTES)),
        action("set_balance", wallet=ADDRESS, currency=TEXT, amount=AMOUNT, text=TEXT),
        action("set_sequence", wallet=ADDRESS, lane=whole(0, LANE_MAX), sequence=whole(0, SEQUENCE_MAX)),
        action("set_slot", contract=ADDRESS, field=TEXT, key=ANYTHING, value=ANYTHING),
    ),
    "Waiting": record(id=HASH, sender=ADDRESS, lane=whole(0, LANE_MAX), sequence=whole(0, SEQUENCE_MAX), gas_price=whole()),
    "RefusalBody": record(code=REFUSED, message=TEXT, remedy=TEXT, data=by_name(ANYTHING)),
    "Row": either(
        record(id=HASH, status=same("waiting")),
        record(id=HASH, status=same("committed"), height=HEIGHT, index=whole(), ok=TRUTH, error=nullable(TEXT)),
        record(id=nullable(HASH), status=same("refused"), refusal=ref("RefusalBody")),
    ),
    "Refusal": {
        **record(
            code=REFUSED,
            message=TEXT,
            remedy={**TEXT, "description": "What to do."},
            data={**by_name(ANYTHING), "description": "The figures behind the message."},
            height=whole(0, HEIGHT_MAX),
            state_root=HASH,
        ),
        "description": "Why something was not done.",
    },
}
