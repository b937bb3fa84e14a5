"""Names of xml elements, whatever prefix a writer gave them."""

from __future__ import annotations


class LocalNames(dict[str, str]):
    """Element names without the prefix of the part's root, whatever it is, each worked out once.

    Names with another prefix keep it: an extension's element of the same name means something else.
    """

    prefix: str | None = None

    def __missing__(self, tag: str) -> str:
        """Cut the root's prefix off a name met for the first time; the first name is the root."""
        if self.prefix is None:
            self.prefix = tag[: tag.rfind(":") + 1]
        name = self[tag] = tag.removeprefix(self.prefix)
        return name
