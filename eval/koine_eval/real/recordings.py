"""The recordings that Debian packages hold, with what is said in them."""

import re
from dataclasses import dataclass

from koine_eval.real import debian
from koine_eval.real.fetch import package

ASTERISK = ("en", "es", "fr", "it", "ru")
FILLETS = ("cs", "nl")
TUXPAINT = ("ro", "ca", "bg", "el", "es", "fr", "ru")
STAMPS = "usr/share/tuxpaint/stamps/"
#: Of the actors of Fillets, by the letter in a line's name.
FISH = {"m": "small", "v": "big"}


@dataclass(frozen=True)
class Recording:
    """A sound file, as it lies in its package, and its text as written there (empty: unknown)."""

    language: str
    voice: str
    name: str
    sound: bytes
    text: str


def stamps(store):
    """What Tux Paint says of its stamps, but for letters, digits and signs: one voice a language."""
    wanted = lambda name: name.startswith(STAMPS) and not name.startswith(f"{STAMPS}symbols/")
    found = dict(debian.files(package(store, "tuxpaint-stamps-default"), lambda name: wanted(name) and name.endswith((".txt", ".ogg"))))
    for path in sorted(found):
        if match := re.fullmatch(rf"{STAMPS}(.*)_desc_({'|'.join(TUXPAINT)})\.ogg", path):
            name, language = match.groups()
            text = re.search(rf"^{language}\.utf8=(.*)$", found.get(f"{STAMPS}{name}.txt", b"").decode("utf-8", "replace"), re.MULTILINE)
            yield Recording(language, "tuxpaint", name.replace("/", "_"), found[path], text[1].strip() if text else "")


def all_recordings(store):
    for language in ASTERISK:
        yield from _asterisk(store, language)
    yield from _festvox(store)
    for language in FILLETS:
        yield from _fillets(store, language)


def _decoded(line):
    """The lists mix encodings, line by line."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _asterisk(store, language):
    import gzip

    source = package(store, f"asterisk-core-sounds-{language}")
    [(_, packed)] = debian.files(source, lambda name: name.endswith(f"/core-sounds-{language}.txt.gz"))
    lines = [_decoded(line) for line in gzip.decompress(packed).splitlines()]
    pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith(";"))
    texts = {key.strip(): text.strip() for key, text in pairs}
    sources = [(f"asterisk-core-sounds-{language}-wav", None)]
    if language == "it":
        sources.append(("asterisk-prompt-it-menardi-wav", "menardi"))  # says what the list of the other Italian says
    for name, voice in sources:
        found = dict(debian.files(package(store, name), lambda path: path.endswith(".wav")))
        for path in sorted(found):
            folder, key = re.fullmatch(r"usr/share/asterisk/sounds/([^/]+)/(.*)\.wav", path).groups()
            if not key.startswith(("letters/", "phonetic/", "silence/")):
                speaker = voice or folder.rsplit("_", 1)[-1].lower()
                yield Recording(language, speaker, key.replace("/", "_"), found[path], texts.get(key, ""))


def _festvox(store):
    wanted = lambda name: name.endswith((".wav", "etc/txt.done.data"))
    found = dict(debian.files(package(store, "festvox-ru"), wanted))
    sounds = {path.rsplit("/", 1)[-1]: sound for path, sound in found.items() if path.endswith(".wav")}
    [listed] = (data for path, data in found.items() if path.endswith("txt.done.data"))
    for line in listed.decode("utf-8").splitlines():
        name, text = re.match(r'\(\s*(\S+)\s+"(.*)"\s*\)', line.strip()).groups()
        text = re.sub(r"\s+", " ", re.sub(r'[,+"«»\\]| - ', " ", text)).strip(" -")
        if f"{name}.wav" in sounds:
            yield Recording("ru", "nsh", name, sounds[f"{name}.wav"], text)


def _fillets(store, language):
    scripts = sorted(
        debian.files(package(store, "fillets-ng-data"), lambda name: name.endswith(f"/dialogs_{language}.lua"))
    )
    sounds = dict(debian.files(package(store, f"fillets-ng-data-{language}"), lambda name: name.endswith(".ogg")))
    for path, script in scripts:
        level, line_id = path.split("/")[-2], None
        for line in script.decode("utf-8", "replace").splitlines():
            if begun := re.match(r'dialogId\("([^"]+)"', line):
                line_id = begun[1]
            said = re.match(r'dialogStr\("(.*)"\)', line.strip())
            if said and line_id:
                sound = sounds.get(f"usr/share/games/fillets-ng/sound/{level}/{language}/{line_id}.ogg")
                if sound:
                    text = said[1].replace('\\"', '"').replace("\\", "")
                    yield Recording(language, _actor(line_id), f"{level}_{line_id}", sound, text)
                line_id = None


def _actor(line_id):
    parts = line_id.split("-")
    return FISH.get(parts[1] if len(parts) > 1 else "", "others")
