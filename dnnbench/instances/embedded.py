"""The pictures inside scikit-image's wheel, as instances `skimage/camera` and so on.

They need no download; `datasets/skimage.csv` lists them beside the other public instances, with
the sha256 of their files, which are the same in the releases 0.24 to 0.26. All are in the public
domain or without known copyright (docstrings of `skimage.data`).

A picture's identity is the digest of its pixels, recorded here. Should a later release change one,
or a decoder of JPEG differ in a level, the instance has another sha256: its trials are new ones,
its `source` says so, and `dnnbench data verify skimage` names it.
"""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from dnnbench.instances.formats.open_text import read_bytes
from dnnbench.instances.registry import Entry

SUITE = "skimage"
SOURCE = "scikit-image"

PIXELS: Mapping[str, str] = MappingProxyType(
    {
        "astronaut": "9b8ab805fe215acef1fa0eb5cb647dc8465e069e9644f3f36df86df9f0b66181",
        "brick": "ffebf70d1de0f239207e356ecc42ff5353a4771984f7d8a1d0316d4fd87667bf",
        "camera": "5ff51b059cc1b7c0abecbf071d64ba0c507a153253f9268b01c8fdaf6c2b2456",
        "cell": "6c7e8f14f5d3b5817846cd1c262266db67eeb3acc77c0a9c1265a6cef7464aef",
        "chelsea": "0a8866f87f139efb38589409f017936c15a07b3a9974c7a14705aad7872df86b",
        "clock_motion": "f640943604e9afb6fa1cd20beab2dfa85ebb0ea6b32ede7348c96d1705abe89d",
        "coffee": "0f51bc66f0a1493f530f81af98030b4d8cf33f195781bbabbbcea770530c2098",
        "coins": "3b21e197ab33536dcdb10dd06a437cb6d12330b3d106b1b2066b830dbb889e6e",
        "grass": "f20239945a22cc540a317d52463ef1c9aea1b242b6a3fe1e95185db9ae22cc9b",
        "gravel": "4713b877ac4fe664ef082f79f802a685c19316810dbe2a5c56acbbc9060e2cbf",
        "hubble_deep_field": "714806830ba937ed78cdb12207c448712f2dcf9942e97b06a798cbc85f481fa4",
        "ihc": "c22f029b79856c3fcf2bf524a0cca68601b90944d8e40d8827c3e07ad9565e47",
        "microaneurysms": "d686be8be8409bbbd3e73b6653c8f931e0ac462e51c484074768a45cd16900ab",
        "moon": "179097ee5add6eb60aa92b82a4a20e73cc832d39677c2dad95e7d5b685f9dfb1",
        "page": "0a84f692b5620039060c5e23734651949251555d1a2ce64b1142941a06fa9345",
        "phantom": "1ac4676425d73ba6986935c4c0b175fc7f5f788933f630518bdd0395d89f40c8",
        "retina": "9cea8222cec9787e4f1d5faf4fda37437a356b3254db6e5b297629c2f9087627",
        "rocket": "7ab54243a1db078d00634db7fedce8499b51b8fa58e8724a95ad9045c3bff58b",
        "text": "178cbd1b0356702dde07164d41752601cf2a76150c0257c767c9a488cfaf58f4",
    }
)
"""The sha256 of the pixels (`digest.public_sha256`) by the name without `skimage/`."""


def embedded_path(known: Entry) -> Path | None:
    """The picture's file in the installed scikit-image, or None where there is none."""
    if known.suite != SUITE:
        return None
    path = Path(str(files("skimage"))) / "data" / Path(known.path).name
    return path if path.is_file() else None


def embedded_bytes(known: Entry) -> bytes | None:
    """The content of that file, not checked."""
    path = embedded_path(known)
    return None if path is None else read_bytes(path)


def is_recorded(name: str, sha256: str) -> bool:
    """Whether this digest of the pixels is that of the picture in the recorded releases."""
    return sha256 == PIXELS.get(name.removeprefix(f"{SUITE}/"))
