"""The ledger: what was sent and answered is what the stores hold, or where the difference arose.

run.py         what a run of load sent and got, by its own account
entries.py     the rows and columns, and what makes them equal
increase.py    what a counter grew by, restarts of its process included
books.py       the books of one service: what the stores hold of a run
pipeline.py    what the path between says of itself: dropped, refused, waiting, restarted
hops.py        a difference, and the hop where it arose
audit.py       asks until all has arrived, or the wait is over
table.py       the table for people
command.py     `sightline ledger`
"""
