#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual page and the completions of a program, made of what its --help says.

The options' tables print --help, so nothing here repeats them: a new option stands in the manual
and is completed because --help shows it. What is relied on is the form of that text:

  usage: PROGRAM ...         the synopsis
    --name=VALUE   sentence  an option; what is indented further goes on with its sentence
    name           summary   a command, whose own --help is read then
  anything else              a paragraph

A sentence that ends in "a, b or c" lists the words an option takes, as does a VALUE "{a|b|c}".
"""
import re
import subprocess
import sys

# Words that only the programs know; they are asked when somebody completes.
ASK = {
    "--suite": "attn-bench --list_suites",
    "--kernel": "attn-bench --list_kernels",
    "--model": "attn-stat models",
}
FILES = ("FILE", "SO", "filename", "DIR")


class Option:
    def __init__(self, left, sentence):
        self.left, self.sentence = left, sentence
        self.name, _, self.value = left.partition(" " if re.match("-[^-]", left) else "=")

    def words(self):
        if re.fullmatch(r"[{<][\w|]+[}>]", self.value) and "|" in self.value:
            return self.value[1:-1].split("|")
        plain = re.sub(r" \([^)]*\)", "", self.sentence)
        listed = re.search(r"(?:^|: )(\w+(?:, \w+)* or \w+)$", plain)
        return re.split(", | or ", listed[1]) if listed else []


class Help:
    """One --help: its synopsis, and paragraphs and options in their order."""

    def __init__(self, command):
        text = subprocess.run(command + ["--help"], check=True, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL).stdout
        self.usage, self.parts, self.commands = "", [], []
        for line in text.splitlines():
            item = re.match(r"  (\S.*?)(?:  +(\S.*))?$", line)
            more = re.match(r" {6,}(\S.*)$", line)
            if line.startswith("usage: "):
                self.usage = line[len("usage: "):].strip()
            elif more and self.parts and isinstance(self.parts[-1], Option):
                last = self.parts.pop()
                self.parts.append(Option(last.left, f"{last.sentence} {more[1]}".strip()))
            elif item and item[1].startswith("-"):
                self.parts.append(Option(item[1], item[2] or ""))
            elif item:
                self.commands.append((item[1], item[2] or ""))
            elif not line:
                self.parts.append("")
            elif self.parts and isinstance(self.parts[-1], str) and self.parts[-1]:
                self.parts[-1] += " " + line
            else:
                self.parts.append(line)

    def options(self):
        return [part for part in self.parts if isinstance(part, Option)]


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def roff_parts(parts):
    for part in parts:
        if isinstance(part, Option):
            yield f".TP\n.B {roff(part.left)}\n{roff(part.sentence)}"
        elif part:
            yield f".PP\n{roff(part)}"


def manual(name, version, summary, others, page, commands):
    first = next((i for i, p in enumerate(page.parts) if isinstance(p, Option)), len(page.parts))
    # The line above the first options is their heading, not the program's description.
    while 0 < first < len(page.parts) and page.parts[first - 1]:
        first -= 1
    yield f'.TH {roff(name.upper())} 1 "" "{version}" "User Commands"'
    yield f".SH NAME\n{roff(name)} \\- {roff(summary)}"
    yield f".SH SYNOPSIS\n{roff(page.usage)}"
    if any(page.parts[:first]):
        yield ".SH DESCRIPTION"
        yield from roff_parts(page.parts[:first])
    if page.options():
        yield ".SH OPTIONS"
        yield from roff_parts(page.parts[first:])
    commands = list(commands)
    if commands:
        yield ".SH COMMANDS"
    for help_ in commands:
        yield f".SS {roff(help_.usage)}"
        yield from roff_parts(help_.parts)
    yield ".SH SEE ALSO\n" + ", ".join(f".BR {roff(other)} (1)" for other in others)


def asked(option):
    return f"{ASK[option.name]} 2>/dev/null | awk '{{ print $1 }}'"


def bash_values(options):
    for option in options:
        if option.name in ASK:
            yield f"    {option.name}) words=$({asked(option)}) ;;"
        elif option.words():
            yield f"    {option.name}) words='{' '.join(option.words())}' ;;"
    yield "    -*) return ;;"


def bash_names(options):
    return " ".join(o.name + ("=" if o.value and o.name.startswith("--") else "") for o in options)


def bash(name, page, commands):
    function = "_" + name.replace("-", "_")
    options = page.options()
    yield f"# bash completion of {name}, made of its --help. Values without words are file names."
    yield f"{function}() {{"
    yield "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}"
    yield "  local option= words="
    yield "  COMPREPLY=()"
    # bash itself cuts --name=value into three words.
    yield "  if [[ $word == '=' ]]; then"
    yield "    option=$before word="
    yield "  elif [[ $before == '=' ]]; then"
    yield "    option=${COMP_WORDS[COMP_CWORD - 2]}"
    yield "  elif [[ $before == -* && $word != -* ]]; then"
    yield "    option=$before"
    yield "  fi"
    yield "  case $option in"
    unique = {o.name: o for help_ in commands.values() for o in help_.options()}
    yield from bash_values(options or unique.values())
    yield "  esac"
    if commands:
        yield "  if [[ -z $words && $COMP_CWORD == 1 ]]; then"
        yield f"    words='{' '.join(commands)} --help --version'"
        yield "  fi"
        yield "  if [[ -z $words && $word == -* ]]; then"
        yield "    case ${COMP_WORDS[1]} in"
        for command, help_ in commands.items():
            yield f"    {command}) words='{bash_names(help_.options())}' ;;"
        yield "    esac"
        yield "  fi"
    else:
        yield "  if [[ -z $words && $word == -* ]]; then"
        yield f"    words='{bash_names(options)}'"
        yield "  fi"
    yield '  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")'
    # No blank before a value. Outside a completion, where a test calls this, there is none.
    yield "  if [[ ${COMPREPLY[*]} == *= ]]; then compopt -o nospace 2>/dev/null; fi"
    yield "}"
    yield f"complete -o default -F {function} {name}"


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def zsh_option(option):
    sentence = re.sub(r"([][:\\])", r"\\\1", option.sentence)
    equals = "=" if option.value and option.name.startswith("--") else ""
    text = f"{option.name}{equals}[{sentence}]"
    if not option.value:
        return quoted(text)
    if option.name in ASK:
        values = "{compadd -- ${(f)\"$(" + asked(option) + ")\"}}"
    elif option.words():
        values = f"({' '.join(option.words())})"
    else:
        values = "_files" if re.search("|".join(FILES), option.value) else " "
    return quoted(f"{text}:{option.name.lstrip('-')}:{values}")


def zsh_arguments(options, indent):
    lines = [f"{indent}_arguments -s"] + [f"{indent}  {zsh_option(o)}" for o in options]
    return " \\\n".join(lines + [f"{indent}  '*:file:_files'"])


def zsh(name, page, commands):
    yield f"#compdef {name}"
    yield f"# zsh completion of {name}, made of its --help."
    if not commands:
        yield zsh_arguments(page.options(), "")
        return
    yield "if (( CURRENT == 2 )); then"
    yield "  local -a commands=("
    for command, summary in page.commands:
        yield f"    {quoted(command + ':' + summary)}"
    yield "  )"
    yield "  _describe command commands"
    yield "  return"
    yield "fi"
    yield "shift words; (( CURRENT-- ))"
    yield "case $words[1] in"
    for command, help_ in commands.items():
        yield f"  {command})\n{zsh_arguments(help_.options(), '    ')} ;;"
    yield "esac"


def with_words(program, commands):
    """The manual has room for the words below a command; completion stops at the command."""
    for command, help_ in commands.items():
        yield help_
        for word, _ in help_.commands if " WORD " in help_.usage else []:
            yield Help([program, command, word])


def main():
    if len(sys.argv) < 4 or sys.argv[1] not in ("man", "bash", "zsh"):
        sys.exit("usage: manual.py man|bash|zsh PROGRAM SUMMARY [SEE_ALSO...]")
    form, program, summary, *others = sys.argv[1:]
    name = program.rsplit("/", 1)[-1]
    page = Help([program])
    commands = {command: Help([program, command]) for command, _ in page.commands}
    if form == "man":
        version = subprocess.run([program, "--version"], check=True, capture_output=True,
                                 text=True).stdout.strip()
        lines = manual(name, version, summary, others, page, with_words(program, commands))
    else:
        lines = (bash if form == "bash" else zsh)(name, page, commands)
    print("\n".join(lines))


main()
