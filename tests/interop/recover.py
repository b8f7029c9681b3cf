"""Recovers a locked key as its owner would in ten years: stock age, then stock openssl. Prints the public key in hex.
With a second file it only opens the first one into it.

    python recover.py FILE.age [OUTPUT] < passphrase

age asks for the passphrase at a terminal, and so it gets one.
"""

import os
import pty
import subprocess
import sys
import tempfile


def decrypt(path, passphrase, output):
    """`age -d -o OUTPUT PATH`, with somebody at the keyboard; gives what the terminal showed."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvp("age", ["age", "-d", "-o", output, path])
    shown, answered = b"", False
    while True:
        try:
            part = os.read(terminal, 1024)
        except OSError:  # Linux says so where the other side is closed.
            break
        if not part:
            break
        shown += part
        if not answered and b"passphrase" in shown:
            os.write(terminal, passphrase + b"\n")
            answered = True
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit("age: " + shown.decode(errors="replace").strip())


def public_key(pem):
    der = subprocess.run(["openssl", "pkey", "-in", pem, "-pubout", "-outform", "DER"], stdout=subprocess.PIPE)
    prefix = bytes.fromhex("302a300506032b6570032100")  # Ed25519, RFC 8410
    if not der.stdout.startswith(prefix) or len(der.stdout) != len(prefix) + 32:
        sys.exit("openssl: not an Ed25519 key")
    return der.stdout[len(prefix) :]


if __name__ == "__main__" and len(sys.argv) > 2:
    decrypt(sys.argv[1], sys.stdin.buffer.read(), sys.argv[2])
elif __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        pem = os.path.join(directory, "key.pem")
        decrypt(sys.argv[1], sys.stdin.buffer.read(), pem)
        print(public_key(pem).hex())
