"""Crops and conversions of pictures as part of their names, `NAME@<change>-<change>...`.

| change | meaning |
| --- | --- |
| `crop<h>x<w>` | a part of h rows and w columns from the middle; `crop96` is `crop96x96` |
| `at<top>x<left>` | the crop begins in this row and column instead, counted from 0 |
| `gray` | one channel, by ITU-R BT.601 |

Examples: `skimage/camera@crop96`, `kodak24/kodim01@crop128x192-at64x0-gray`, `photo.png@gray`.
The `@` means nothing to shells, to file systems and to Hydra's overrides.
"""

import re
from dataclasses import dataclass

from dnnbench.errors import UserError, nearest
from dnnbench.instances.image import Image

FORM = "NAME@crop<h>x<w>-at<top>x<left>-gray"
_CHANGES = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_CROP = re.compile(r"crop(\d{1,6})(?:x(\d{1,6}))?", re.ASCII)
_AT = re.compile(r"at(\d{1,6})x(\d{1,6})", re.ASCII)


@dataclass(frozen=True)
class View:
    """What a name asks for beside the picture itself.

    Attributes:
        size: height and width of the crop, or None.
        corner: first row and column of the crop; None puts it in the middle.
        gray: whether to convert to one channel.
    """

    size: tuple[int, int] | None
    corner: tuple[int, int] | None
    gray: bool

    @property
    def name(self) -> str:
        """The canonical form, what follows the `@`."""
        parts = []
        if self.size:
            height, width = self.size
            parts.append(f"crop{height}" if height == width else f"crop{height}x{width}")
        if self.corner:
            parts.append("at{}x{}".format(*self.corner))
        return "-".join([*parts, "gray"] if self.gray else parts)

    def of(self, image: Image) -> Image:
        """The picture as asked for.

        Raises:
            UserError: the crop does not fit.
        """
        if self.size:
            height, width = self.size
            middle = (max(image.height - height, 0) // 2, max(image.width - width, 0) // 2)
            image = image.crop(*(self.corner or middle), height, width)
        return image.gray() if self.gray else image


def split_view(name: str) -> tuple[str, str | None]:
    """`NAME@crop96` as the picture's name and the changes; None where there is no such ending."""
    base, sign, changes = name.rpartition("@")
    if sign and base and _CHANGES.fullmatch(changes):
        return base, changes
    return name, None


def is_picture_change(part: str) -> bool:
    """Whether a change is one of pictures."""
    return part == "gray" or bool(_CROP.fullmatch(part) or _AT.fullmatch(part))


def parse_view(changes: str, name: str) -> View:
    """Read what follows the `@`, in any order.

    Args:
        changes: `crop96-gray`.
        name: the whole name, for error messages.

    Raises:
        UserError: an unknown change (the nearest is named), one given twice, a place without a
            crop.
    """
    size: tuple[int, int] | None = None
    corner: tuple[int, int] | None = None
    gray = False
    for part in changes.split("-"):
        crop, at = _CROP.fullmatch(part), _AT.fullmatch(part)
        if not (crop or at or part == "gray"):
            word = part.rstrip("0123456789x") or part
            hint = nearest(word, ("crop", "at", "gray"))
            raise UserError(f"'{name}': unknown change '{part}'{hint}; the form is {FORM}")
        if (crop and size) or (at and corner) or (part == "gray" and gray):
            raise UserError(f"'{name}': '{part}' is one change too many of its kind")
        if crop:
            size = int(crop[1]), int(crop[2] or crop[1])
        elif at:
            corner = int(at[1]), int(at[2])
        else:
            gray = True
    if corner and not size:
        raise UserError(f"'{name}': a place needs a crop; the form is {FORM}")
    return View(size, corner, gray)
