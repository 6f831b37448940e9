"""How need meets care: practices, the hospital, waiting lists, and what unmet need does next.

`sim.care.state.Care` holds what is kept from month to month. The month itself is, in order:
`WaitingLists.between_visits` and `unmet.reappear` (both add to this month's contacts), `practices.see`, `Needs.see` and
`Needs.advance` (other teams), `emergency.attend`, `emergency.admit`, `Needs.refer_from_hospital`, `WaitingLists.refer`,
`WaitingLists.treat`, `Care.close_month`.
"""
