# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, as a small tree; every error says what was asked and what to do about it.

EiaError
├── UsageError            the question itself is wrong: nothing was sent (exit 2)
├── Passing               may pass: ask again
│   ├── Throttled         too fast, says the server
│   ├── Unavailable       no answer, or an answer of 5xx
│   │   └── Unreachable   nobody there to answer
│   └── Garbled           an answer that is not what it says it is
│       ├── Unordered     a full page whose end says nothing
│       ├── Marred        a few rows of it cannot be read: asked for once more
│       └── Drifted       most rows of it cannot be read: the format has changed
├── Refused               this request cannot be had; others can
├── Unforeseen            a defect of this program met it; others can be had
└── Stop                  nothing more can be had now: what is stored stays (exit 3)
    ├── KeyRefused
    ├── StorageError
    ├── Superseded        another run or dispatcher works on this folder
    └── Interrupted       asked to stop (exit 130)
"""


class EiaError(Exception):
    """`str()` is one line: what happened, and the remedy. Never holds the key."""

    remedy = "run the same command again: what is stored is kept"

    def __init__(self, what: str, remedy: str = "") -> None:
        # `args` makes the same error again: pickle does so, and Beam, which adds the step's name to the first.
        super().__init__(what, remedy)
        self.what = " ".join(what.split())
        if remedy:
            self.remedy = " ".join(remedy.split())

    def __str__(self) -> str:
        return f"{self.what} ({self.remedy})" if self.remedy else self.what


class UsageError(EiaError):
    """The question itself is wrong; nothing was sent."""

    remedy = ""


class Passing(EiaError):
    """It may pass: ask again."""


class Throttled(Passing):
    """The server says that we are too fast; `retry_after` in seconds, None where it does not say."""

    def __init__(self, what: str, remedy: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(what, remedy)
        self.retry_after = retry_after


class Unavailable(Passing):
    """No answer, or an answer of 5xx; `retry_after` in seconds where the server says it."""

    def __init__(self, what: str, remedy: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(what, remedy)
        self.retry_after = retry_after


class Unreachable(Unavailable):
    """No connection came about, for want of a name, a listener or a way; or who took it never answered."""

    remedy = "check the network"


class Garbled(Passing):
    """The answer is cut, is not JSON, or contradicts itself."""


class Unordered(Garbled):
    """A full page whose rows are out of order, so that its end does not say which hours are whole."""


class Marred(Garbled):
    """A few rows of an otherwise sound answer cannot be read: once more, and they are refused, each with its reason."""


class Drifted(Garbled):
    """Most rows of an answer cannot be read, so it is none."""

    remedy = "look for a newer version of eia930, or report what was expected and found; nothing of it was stored"


class Refused(EiaError):
    """This request cannot be had, however often it is asked; others can."""

    remedy = "the reason is the server's; other requests go on"


class Unforeseen(EiaError):
    """A defect of this program, met by one request; others can be had."""

    remedy = "please report this as a defect, with the answer that the server gives; other requests go on"


class Stop(EiaError):
    """Nothing more can be had now; what is stored stays."""


class KeyRefused(Stop):
    """The key is missing, wrong, disabled or suspended; `wrong` where the server says that it never was any."""

    remedy = (
        "check the key that --api_key points to, or get one at https://www.eia.gov/opendata/register.php; "
        "a suspension for speed ends by itself within the hour; then run the same command again: what is stored is kept"
    )

    def __init__(self, what: str, remedy: str = "", *, wrong: bool = False) -> None:
        super().__init__(what, remedy)
        self.wrong = wrong


class StorageError(Stop):
    """The folder or bucket cannot be read or written."""

    remedy = "free some space or mend the folder's rights, then run the same command again: what is stored is kept"


class Superseded(Stop):
    """Another run, or another dispatcher of this run, works on this folder."""

    remedy = "let it finish, stop it, or choose another --output"


class Interrupted(Stop):
    """Somebody asked the run to stop."""

    remedy = "run the same command again to go on: what is stored is kept"
