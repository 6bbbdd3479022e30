"""Who may call, and when: E05xx."""

from __future__ import annotations

from lang.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "E0501": Entry(
        "it is not said who may call",
        "Every public function says it: `by anyone`, `by self.owner`, `by any of self.directors`. A missing check cannot "
        "be overlooked, because it cannot be left out.",
        "contract Switch:\n    on: bool = false\n\n    pub fn turn():\n        self.on = not self.on\n",
        "contract Switch:\n    on: bool = false\n\n    pub fn turn() by anyone:\n        self.on = not self.on\n",
    ),
    "E0502": Entry(
        "by names no address",
        "After `by` stands an address, or `any of` a list, set or map of addresses. `anyone` stands alone.",
        "contract Club:\n"
        "    members: Set[Address]\n"
        "    open: bool = true\n"
        "\n"
        "    pub fn close() by self.members:\n"
        "        self.open = false\n",
        "contract Club:\n"
        "    members: Set[Address]\n"
        "    open: bool = true\n"
        "\n"
        "    pub fn close() by any of self.members:\n"
        "        self.open = false\n",
    ),
    "E0503": Entry(
        "there is no such step",
        "`become` takes one of the steps declared in `phases`, from every phase that it may be at that point.",
        "contract Deal:\n    phases Open -> Funded -> Closed\n\n    pub fn close() by anyone in Open:\n        become Closed\n",
        "contract Deal:\n"
        "    phases Open -> Funded -> Closed, Open -> Closed\n"
        "\n"
        "    pub fn close() by anyone in Open:\n"
        "        become Closed\n",
    ),
    "E0504": Entry(
        "there are no phases",
        "Only a contract that declares phases has one: `phases Open -> Closed`.",
        "contract Deal:\n    pub fn close() by anyone:\n        become Closed\n",
        "contract Deal:\n    phases Open -> Closed\n\n    pub fn close() by anyone in Open:\n        become Closed\n",
    ),
    "E0505": Entry(
        "it is not said in which phases",
        "A function that becomes says from where: `in Open`.",
        "contract Deal:\n    phases Open -> Closed\n\n    pub fn close() by anyone:\n        become Closed\n",
        "contract Deal:\n    phases Open -> Closed\n\n    pub fn close() by anyone in Open:\n        become Closed\n",
    ),
    "E0506": Entry(
        "a phase is never reached",
        "A contract begins in the phase that is named first. No steps lead from there to this one.",
        "contract Deal:\n"
        "    phases Open -> Closed, Paused -> Open\n"
        "\n"
        "    pub fn close() by anyone in Open:\n"
        "        become Closed\n",
        "contract Deal:\n"
        "    phases Open -> Closed, Open -> Paused -> Open\n"
        "\n"
        "    pub fn close() by anyone in Open:\n"
        "        become Closed\n",
    ),
    "E0507": Entry(
        "a clause that does not belong here",
        "Only what is called from outside says `by`; views may be read by everyone, rules are run by the ledger, private "
        "functions by their contract.",
        "contract Shop:\n    price: u64 = 5\n\n    view fn cost() -> u64 by anyone:\n        return self.price\n",
        "contract Shop:\n    price: u64 = 5\n\n    view fn cost() -> u64:\n        return self.price\n",
    ),
    "E0509": Entry(
        "the function does not run in this phase",
        "A private function with an `in` clause is called only where the phase is known to be one of those.",
        "contract Deal:\n"
        "    phases Open -> Funded -> Closed\n"
        "\n"
        "    pub fn cancel() by anyone in Open:\n"
        "        finish()\n"
        "\n"
        "    fn finish() in Funded:\n"
        "        become Closed\n",
        "contract Deal:\n"
        "    phases Open -> Funded -> Closed\n"
        "\n"
        "    pub fn cancel() by anyone in Funded:\n"
        "        finish()\n"
        "\n"
        "    fn finish() in Funded:\n"
        "        become Closed\n",
    ),
}
