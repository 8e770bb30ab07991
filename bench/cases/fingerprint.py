# SPDX-License-Identifier: Apache-2.0
"""Writes a table of what code each kernel runs: fingerprint.py OUT.c OBJECT...

An object in the folder lib<SYMBOL>.a.p that defines SYMBOL is a kernel; all others run with every
kernel and count for each. Of an object count the sections that are loaded and where they refer to,
by name, so that neither the directory nor debugging information nor the place of a function in the
program matters. An object that is no 64-bit little-endian ELF with code in it (link-time
optimisation leaves such) means that nothing is known, and the table stays empty.
"""
import hashlib
import pathlib
import re
import struct
import sys

ALLOC, EXEC = 2, 4
SYMTAB, RELA, NOBITS = 2, 4, 8
# They name the build, or say again in other words where functions begin.
LEFT_OUT = (".build_identity", ".note", ".eh_frame", ".rela.eh_frame", ".comment")


def text(table, at):
    return table[at:table.index(b"\0", at)].decode()


class Object:
    def __init__(self, path):
        self.bytes = pathlib.Path(path).read_bytes()
        if self.bytes[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path} is no object of the kind that is read here")
        offset, = struct.unpack_from("<Q", self.bytes, 0x28)
        size, count, names = struct.unpack_from("<HHH", self.bytes, 0x3a)
        # name, type, flags, address, offset, size, link, info, alignment, entry size
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", self.bytes, offset + i * size)
                         for i in range(count)]
        strings = self.content(self.sections[names])
        self.names = [text(strings, section[0]) for section in self.sections]
        self.symbols = self.read_symbols()

    def content(self, section):
        return b"" if section[1] == NOBITS else self.bytes[section[4]:section[4] + section[5]]

    def read_symbols(self):
        """(what it is called, is it defined here); a section's symbol is called like the section."""
        for section in self.sections:
            if section[1] == SYMTAB:
                strings = self.content(self.sections[section[6]])
                found = []
                for name, info, _, index, value, _ in struct.iter_unpack(
                        "<IBBHQQ", self.content(section)):
                    called = text(strings, name) or f"{self.named(index)}+{value}"
                    found.append((called, index != 0))
                return found
        return []

    def named(self, index):
        return self.names[index] if index < len(self.names) else str(index)

    def defines(self, symbol):
        return (symbol, True) in self.symbols

    def has_code(self):
        return any(s[2] & EXEC and s[5] for s in self.sections)

    def digest(self):
        said = hashlib.sha256()
        for name, section in zip(self.names, self.sections):
            if name.startswith(LEFT_OUT):
                continue
            if section[2] & ALLOC:
                said.update(f"{name} {section[1]} {section[2]} {section[5]} {section[8]}\n".encode())
                said.update(self.content(section))
            elif section[1] == RELA and self.sections[section[7]][2] & ALLOC:
                said.update(f"{name}\n".encode())
                for place, info, addend in struct.iter_unpack("<QQq", self.content(section)):
                    called = self.symbols[info >> 32][0]
                    said.update(f"{place} {info & 0xffffffff} {called} {addend}\n".encode())
        return said.digest()


def fingerprints(paths):
    kernels, shared = {}, []
    for path in paths:
        read = Object(path)
        folder = re.search(r"lib([^/]+)\.a\.p/", path)
        if not read.has_code() and not read.symbols:
            raise ValueError(f"{path} has no code")
        if folder and read.defines(folder[1]):
            if not read.has_code():
                raise ValueError(f"{path} has no code")
            kernels[folder[1]] = read.digest()
        else:
            shared.append(read.digest())
    # Sorted, so that the order in which objects are named does not count.
    common = b"".join(sorted(shared))
    return {symbol: hashlib.sha256(own + common).hexdigest()[:32]
            for symbol, own in sorted(kernels.items())}


def main():
    out, paths = sys.argv[1], sys.argv[2:]
    try:
        table = fingerprints(paths)
    except (ValueError, IndexError, struct.error):
        table = {}
    lines = ["/* Generated from the objects of this build. */",
             '#include "bench/cases/fingerprint.h"', "",
             "const struct attn_fingerprint attn_fingerprints[] = {"]
    lines += [f'    {{"{symbol}", "{code}"}},' for symbol, code in table.items()]
    lines += ["    {NULL, NULL},", "};", ""]
    pathlib.Path(out).write_text("\n".join(lines))


main()
