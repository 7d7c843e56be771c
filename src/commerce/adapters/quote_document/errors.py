"""What is wrong with a document."""

from attrs import define, frozen

from commerce.kernel import Invalid

__all__ = ["DocumentProblem", "InvalidDocument"]


@frozen
class DocumentProblem:
    """One thing to mend: where (a JSON path such as ``lines[2].quantity``; empty for the whole), and how."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


@define(kw_only=True, slots=False)
class InvalidDocument(Invalid):
    """A document that cannot be quoted; ``problems`` names every place that was found wrong."""

    problems: tuple[DocumentProblem, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.problems))
