"""Drills: a fault put in on purpose, what then fires, moves and names it, and all quiet again.

story.py       what a drill is: its words, and what is expected of it
stories.py     their words, the same as in docs/runbook.md
table.py       the drills, of the stack and of the viewer
faults.py      putting a fault in, and healing it
journal.py     what is put in, kept on disk until it is healed: a drill that is killed is cleaned up
traffic.py     the customers of a drill, bounded in number, rate and time
alerts.py      whether the expected alert is known, quiet, pending or firing
panel.py       one panel of a shipped dashboard, by its own query
culprit.py     the span of a trace that is to blame
arrival.py     what was sent while the endpoint or a store was away, and arrives after all
links.py       where a person looks at all this
scene.py       where drills are played, and the wish to stop
stage.py       one drill under way: its clock, what was seen, the fault that is in
watch.py       the play of most: alert, panel and trace of a fault under load
away.py        the play of the viewer that stands still
leak.py        the play of a secret in a log line
report.py      lines for people, JSON for machines
voice.py       saying them, for as long as somebody can hear
command.py     `sightline drill`
"""
