"""Text files of rows: decoded a line at a time, and what is wrong with one row."""

from collections.abc import Iterable, Iterator

from attrs import define, field, frozen

from commerce.kernel import Invalid

__all__ = ["RowError", "Undecodable", "decoded"]

#: No more of a cell than this is repeated in an error.
_MOST_SHOWN = 80


@define(kw_only=True, slots=False)
class Undecodable(Invalid):
    """The file is not in the encoding it is read in."""

    message = (
        "line {line} is not {encoding}: save the file as UTF-8, or read it as cp1252 if Excel for Windows wrote it"
    )
    line: int
    encoding: str


def _beginning(cell: str) -> str:
    return cell[:_MOST_SHOWN]


@frozen(kw_only=True)
class RowError:
    """What is wrong in one row, and what to do. ``value`` is the beginning of the cell; other rows are not touched."""

    line: int
    column: str
    value: str = field(converter=_beginning)
    reason: str
    next_step: str

    def __str__(self) -> str:
        shown = f"{self.column} {self.value!r}" if self.value else self.column
        return f"line {self.line}, {shown}: {self.reason}; {self.next_step}"


def decoded(raw: Iterable[bytes], encoding: str = "utf-8-sig") -> Iterator[str]:
    """The lines of a file opened with ``open(path, "rb")``; a byte order mark is dropped.

    Raises `Undecodable`. An encoding is never guessed: text that merely looks right would be kept.
    """
    for number, line in enumerate(raw, 1):
        try:
            yield line.decode(encoding if number == 1 else encoding.removesuffix("-sig"))
        except UnicodeDecodeError as error:
            raise Undecodable(line=number, encoding=encoding) from error
