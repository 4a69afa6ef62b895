"""The operator's command line, and the laboratory that replays recorded sessions.

Its errors, and what their callers do:

Exception
├── CallError               the call is over: say why (`client.py`)
├── CommandError            print the message and the next step, exit (`cli/running.py`)
├── Refused                 answer the page: the request is wrong (`cli/console/answers.py`)
└── CallLostError           the evaluated call has failed (`cli/evaluation/caller.py`)
ValueError
├── SuiteError              tell the author: the suite is wrong (`cli/evaluation/suite.py`)
├── NoSuchTurnError         tell the operator: the session has no such turn (`replay/drive.py`)
├── ModelRefusedError       tell the operator: the other model cannot be used (`replay/drive.py`)
├── BadLimitError           tell the operator: `--fail-on` is wrong (`replay/compare.py`)
└── InputsNotRecordedError  tell the operator: its inputs were not logged (`replay/redecide.py`)
"""
