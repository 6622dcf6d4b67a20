"""Recognize a pickle without reading it: by its opcodes, through compression, inside an archive.

>>> holds_pickle(b"\\x80\\x04N."), holds_pickle(b"age,ill\\n31,0\\n")
(True, False)
"""

import bz2
import io
import lzma
import pickletools
import zipfile
import zlib
from collections.abc import Callable, Mapping

_LOOK = 2**16  # bytes of what is unpacked: a pickle shows itself in its first ones
_SURE = 1_000  # opcodes in a row that make sense: not by chance
_LZ4 = b"\x04\x22\x4d\x18"  # only joblib writes models like this; Python alone cannot unpack it

_UNPACK: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": lambda content: zlib.decompressobj(31).decompress(content, _LOOK),
    b"\x78": lambda content: zlib.decompressobj().decompress(content, _LOOK),
    b"BZh": lambda content: bz2.BZ2Decompressor().decompress(content, _LOOK),
    b"\xfd7zXZ": lambda content: lzma.LZMADecompressor().decompress(content, _LOOK),
    b"\x5d\x00\x00": lambda content: lzma.LZMADecompressor().decompress(content, _LOOK),
}


def holds_pickle(content: bytes) -> bool:
    """Whether bytes are a pickle, plain, compressed, or in an archive as PyTorch writes it. Nothing of it is run."""
    if content.startswith(b"PK"):
        return _archive_holds_pickle(content)
    for start, unpack in _UNPACK.items():
        if content.startswith(start):
            try:
                return _is_pickle(unpack(content))
            except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
                break  # not compressed after all
    return content.startswith((_LZ4, b"ZF0x")) or _is_pickle(content)  # ZF0x: compressed by joblib of old


def _is_pickle(content: bytes) -> bool:
    if len(content) > 1 and content[0] == 0x80 and content[1] in range(2, 7):  # every protocol since 2 says so
        return True
    known = 0
    try:  # protocols 0 and 1 are text without a head: take what parses to its end
        for known, (opcode, _, _) in enumerate(pickletools.genops(content[:_LOOK])):
            if opcode.name == "STOP":
                return known > 0
    except Exception:  # the parser raises many things on what is no pickle
        return known > _SURE
    return known > _SURE


def _archive_holds_pickle(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if any(name.endswith((".pkl", ".pickle", ".joblib")) for name in names):
                return True
            if "schema.json" in names:  # skops reads the files that its schema names, as arrays and as bytes
                return False
            for name in names:
                with archive.open(name) as member:
                    if _is_pickle(member.read(_LOOK)):
                        return True
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError, zlib.error):
        return False  # damaged: said by whoever tries to read it
    return False
