"""A process that reads a YAML file with PyYAML's C loader alone, and prints as JSON its CPU seconds."""

import json
import sys
import time
from pathlib import Path

import yaml


def main(path: str) -> None:
    begin = time.process_time()
    yaml.load(Path(path).read_bytes(), Loader=yaml.CSafeLoader)
    print(json.dumps({"seconds": time.process_time() - begin}))


if __name__ == "__main__":
    main(sys.argv[1])
