"""`prostate-align-refine send`: DICOM results to an archive that the user names, after a test if wanted."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import InputError
from ..core.plain_lines import remark

if TYPE_CHECKING:
    from ..dicom.send.dicomweb import WebServer
    from ..dicom.send.dimse import DicomServer


@dataclass(frozen=True)
class SendOptions:
    results: tuple[Path, ...]
    to: str
    test: bool
    called: str
    calling: str
    tls: bool
    ca_file: Path | None
    certificate: Path | None
    key: Path | None
    token_file: Path | None
    allow_research: bool


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("send", help="send exported DICOM results to an archive (PACS)")
    parser.add_argument("results", nargs="*", type=Path, metavar="PATH", help="folders or files that `export` wrote")
    parser.add_argument("--to", required=True, metavar="SERVER", help="HOST:PORT, or a DICOMweb URL")
    parser.add_argument("--test", action="store_true", help="only test the connection; send nothing")
    parser.add_argument(
        "--called", default="ANY-SCP", metavar="TITLE", help="the server's AE title (default: ANY-SCP; HOST:PORT)"
    )
    parser.add_argument(
        "--calling", default="ALIGNREFINE", metavar="TITLE", help="this side's AE title (default: ALIGNREFINE)"
    )
    parser.add_argument("--tls", action="store_true", help="encrypt (HOST:PORT; a https URL always is)")
    parser.add_argument("--ca-file", type=Path, metavar="PEM", help="certificates to trust")
    parser.add_argument("--certificate", type=Path, metavar="PEM", help="this side's certificate (HOST:PORT)")
    parser.add_argument("--key", type=Path, metavar="PEM", help="its private key")
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="file with a bearer token (URL); - for standard input"
    )
    parser.add_argument("--allow-research", action="store_true", help="also send research and synthetic studies")
    parser.set_defaults(options=SendOptions, run=run)


def run(options: SendOptions) -> int:
    from ..dicom.send.sendable import describe, sendable_files

    server = server_of(options)
    if options.test:
        _test(server)
        print(f"The server {server.name} answers.")
        return 0
    if not options.results:
        raise InputError("Name the folder or files to send, or test the connection with --test.")
    paths = sendable_files(options.results, options.allow_research)
    remark(f"Sending {describe(paths)} to {server.name}.")
    warnings = _send(server, paths)
    warned = f", {', '.join(warnings)}; see its log" if warnings else ""
    print(f"The server {server.name} has stored {len(paths)} object{'s' * (len(paths) > 1)}{warned}.")
    return 0


def server_of(options: SendOptions) -> DicomServer | WebServer:
    """The server that `--to` names; InputError where options do not fit it."""
    from ..dicom.send.dicomweb import WebServer
    from ..dicom.send.dimse import DicomServer

    _check_options(options)
    if _is_url(options.to):
        web = WebServer(options.to, _token(options.token_file), options.ca_file)
        web.check()
        return web
    host, _, port = options.to.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and len(port) <= 5) or not 0 < int(port) < 65536:
        raise InputError("The server is neither HOST:PORT nor a URL; give one such as pacs.example:104.")
    dicom = DicomServer(
        host.strip("[]"),  # of an IPv6 address
        int(port),
        called=options.called,
        calling=options.calling,
        tls=options.tls,
        ca_file=options.ca_file,
        certificate=options.certificate,
        key=options.key,
    )
    dicom.check()
    return dicom


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _check_options(options: SendOptions) -> None:
    """InputError where an option would have no effect: nobody must believe in an encryption that is not there."""
    if _is_url(options.to):
        if options.tls or options.certificate or options.key:
            raise InputError("--tls, --certificate and --key are for HOST:PORT; a https URL is encrypted by itself.")
        return
    if options.token_file:
        raise InputError("--token-file is for a DICOMweb URL; HOST:PORT knows certificates only.")
    if not options.tls and (options.ca_file or options.certificate or options.key):
        raise InputError("--ca-file, --certificate and --key need --tls; without it nothing is encrypted.")
    if options.key and not options.certificate:
        raise InputError("--key needs its --certificate.")


def _token(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        text = sys.stdin.readline() if str(path) == "-" else path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise InputError("The token file cannot be read; check its path.") from None
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise InputError("The token file does not hold one token; put the token alone into it.")
    return token


def _test(server: DicomServer | WebServer) -> None:
    from ..dicom.send import dicomweb as web
    from ..dicom.send import dimse

    if isinstance(server, dimse.DicomServer):
        dimse.echo(server)
    else:
        web.query(server)


def _send(server: DicomServer | WebServer, paths: tuple[Path, ...]) -> tuple[str, ...]:
    """What the server warns of, though it has stored every object."""
    from ..dicom.send import dicomweb as web
    from ..dicom.send import dimse

    if isinstance(server, dimse.DicomServer):
        return dimse.store(server, paths, _show).warnings
    return web.stow(server, paths, _show).warnings


def _show(done: int, whole: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {whole}", end="\n" if done == whole else "", file=sys.stderr, flush=True)
