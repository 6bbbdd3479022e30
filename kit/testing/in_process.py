"""A typed ledger in this process, without blocks, signatures or a node: the handles of `chain.client` over a sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from chain.client.ledger import BlockingLedger
from chain.client.money import Address
from chain.client.plan import NO_ANSWER, Plan, known
from chain.client.sender import Sender
from chain.client.transport import Chain, Code, Estimate, Failed, Told
from chain.ledger.contracts import find_function, verified_code
from chain.ledger.execution import failure_payload
from chain.ledger.sandbox import Sandbox
from chain.primitives.address import format_address
from chain.primitives.hash import TAG_SANDBOX, tagged_hash
from chain.primitives.receipt import Error, Receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Action, Call, Deploy, Pay, Transaction
from vm.codec import encode_module
from vm.failure import Failure
from vm.module import Module
from vm.values import decode_arguments, encode

if TYPE_CHECKING:
    from chain.node.tracing import Show

T = TypeVar("T")


class SandboxTransport:
    """A sandbox as a `Transport`. Every plan is done as soon as it is begun. It may be taken back to a snapshot at any time."""

    estimates = False

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._count = 0
        self._places: dict[int, tuple[int, bytes]] = {}  # of events by their number: (height, identity)

    def chain(self) -> Plan[Chain]:
        """See `Transport`."""
        return known(Chain("sandbox", next(iter(self.sandbox.currencies)), self.sandbox.currencies))

    def code(self, contract: bytes) -> Plan[Code]:
        """See `Transport`."""
        try:
            module = self.sandbox.verified(bytes(contract)).module
        except Failure:
            raise Refusal(Refused.NOT_FOUND, f"there is no contract at {format_address(contract)}") from None
        return known(Code(encode_module(module), self.sandbox.home_currency(bytes(contract))))

    def balance(self, wallet: bytes, currency: str) -> Plan[int]:
        """See `Transport`."""
        return known(self.sandbox.balance(bytes(wallet), currency))

    def read(self, contract: bytes, function: str, arguments: bytes) -> Plan[bytes | None]:
        """See `Transport`."""
        try:
            return known(self._entered(bytes(contract), function, arguments, None))
        except Failure as failure:
            raise Failed(self._error(failure, None)) from None

    def estimate(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any]) -> Plan[Estimate]:
        """See `Transport`."""
        receipt = self._tried(sender, actions, fields)
        return known(Estimate(receipt.gas_used, self.sandbox.gas_limit, receipt.error))

    def simulate(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any]) -> Plan[Receipt]:
        """See `Transport`."""
        return known(self._tried(sender, actions, fields))

    def trace(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any]) -> Plan[dict[str, Any]]:
        """See `Transport`. Its tree of calls is that of a node (`docs/api.md`, "Trace"), without a receipt."""
        return known(self.traced(sender, actions, fields, None))

    def traced(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any], show: Show | None) -> dict[str, Any]:
        """What actions would do, step by step, with values as `show` gives them (`chain.node.tracing`)."""
        from chain.node.tracing import Recorder

        recorder, before = Recorder(self.sandbox.present, show), self.sandbox.tracer
        self.sandbox.tracer = recorder
        try:
            self._tried(sender, actions, fields)
        finally:
            self.sandbox.tracer = before
        return recorder.json()

    def run(
        self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any], wait_seconds: float | None
    ) -> Plan[Receipt | Transaction]:
        """See `Transport`. What is not waited for is done all the same."""
        first = len(self.sandbox.events)
        receipt = self._run(sender, actions, fields)
        for number in range(first, len(self.sandbox.events)):
            self._places[number] = receipt.height, receipt.identity
        return known(receipt)

    def outcome(self, transaction: Transaction, wait_seconds: float) -> Plan[Receipt]:
        """Nothing waits in a sandbox."""
        raise Refusal(Refused.NOT_FOUND, "a sandbox carries out what it is told at once")

    def told(self, cursor: str, limit: int) -> Plan[tuple[list[Told], str]]:
        """See `Transport`."""
        first = int(cursor, 16) if cursor else 0
        page = []
        for number, event in enumerate(self.sandbox.events[first : first + limit], first):
            height, identity = self._places.get(number, (0, b""))  # what the sandbox itself was told to do has none
            name = self.sandbox.verified(event.contract).module.events[event.number].name
            page.append(Told(f"{number + 1:016x}", height, identity, event.contract, name, event.payload))
        return known((page, page[-1].cursor if page else cursor))

    def _tried(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any]) -> Receipt:
        snapshot, count = self.sandbox.snapshot(), self._count
        receipt = self._run(sender, actions, fields)
        self.sandbox.restore(snapshot)
        self._count = count
        return receipt

    def _run(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any]) -> Receipt:
        """The actions, all or none, within the limits."""
        self._count += 1
        snapshot = self.sandbox.snapshot()
        limits = fields.get("limits")
        gas_used, results, error = 0, [], None
        for position, action in enumerate(actions):
            try:
                results.append(self._act(bytes(sender.address), action))
                self._check_limits(bytes(sender.address), snapshot.moves, limits)
            except Failure as failure:
                error = self._error(failure, position)
            gas_used += self.sandbox.last_gas
            if error is not None:
                break
        events, moves = self.sandbox.events[snapshot.events :], self.sandbox.moves[snapshot.moves :]
        if error is not None:
            self.sandbox.restore(snapshot)
            events, moves, results = [], [], []
        identity = tagged_hash(TAG_SANDBOX, b"receipt" + self._count.to_bytes(8))
        return Receipt(identity, self._count, 0, error is None, error, gas_used, 0, tuple(events), tuple(results), tuple(moves))

    def _act(self, sender: bytes, action: Action) -> bytes | None:
        match action:
            case Pay(to, currency, amount):
                self.sandbox.pay(sender, to, currency, amount)
                return None
            case Deploy(code, currency, arguments):
                verified = verified_code(code)[1]
                init = None if verified.init is None else verified.module.functions[verified.init]
                kinds = [] if init is None else [kind for _, kind in init.parameters]
                return self.sandbox.deploy(code, currency, decode_arguments(kinds, arguments), sender)
            case Call(contract, function, arguments):
                return self._entered(contract, function, arguments, sender)
        raise Refusal(Refused.BAD_REQUEST, f"a sandbox has no {type(action).__name__}", "Use a devnet.")

    def _entered(self, contract: bytes, function: str, arguments: bytes, sender: bytes | None) -> bytes | None:
        found = find_function(self.sandbox.verified(contract), function)
        assert found is not None, "a handle asks for what is there"
        values = decode_arguments([kind for _, kind in found.parameters], arguments)
        if sender is None:
            value = self.sandbox.read(contract, function, values)
        else:
            value = self.sandbox.call(contract, function, values, sender)
        return None if found.result is None else encode(found.result, value)

    def _check_limits(self, sender: bytes, first: int, limits: tuple[tuple[str, int], ...] | None) -> None:
        if limits is None:
            return
        allowed = dict(limits)
        for code in self.sandbox.currencies:
            moves = self.sandbox.moves[first:]
            spent = sum(move.amount for move in moves if move.source == sender and move.currency == code)
            if spent > allowed.get(code, 0):
                raise Failure("SpendingLimit", (code, allowed.get(code, 0), spent))

    def _error(self, failure: Failure, position: int | None) -> Error:
        module: Module | None = None
        if failure.contract is not None:
            try:
                module = self.sandbox.verified(failure.contract).module
            except Failure:
                module = None  # it failed while it was deployed
        return Error(failure.name, failure_payload(failure, module), failure.contract, position)


class SandboxLedger(BlockingLedger):
    """A `Ledger` over a sandbox, which is `sandbox`: time, snapshots and totals are its own."""

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self.sandbox = Sandbox() if sandbox is None else sandbox
        super().__init__(SandboxTransport(self.sandbox), self)

    def wallet(self, name: str, **balances: int) -> Sender:
        """The wallet of a name, to send from, with newly issued minor units by currency: `wallet("alice", CNY=100_00)`."""
        return Sender(Address(self.sandbox.wallet(name, balances)))

    def carry_out(self, plan: Plan[T]) -> T:
        """The outcome of a plan, which asks nobody."""
        try:
            next(plan)
            while True:
                plan.send(NO_ANSWER)
        except StopIteration as ended:
            outcome: T = ended.value
            return outcome
