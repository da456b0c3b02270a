"""Makes a tiny Llama with random weights; run as a script by the Python that has vLLM.

``python weights.py FOLDER SEED`` writes what vLLM loads: a model of 2 layers, hidden size 128 and
512 tokens, its tokenizer, its chat template; about 0.9 MB. It talks nonsense at the speed of the
real thing, and nothing has to be fetched. A folder that is complete is left as it is.

Needs numpy and tokenizers and nothing of shardwatch; without torch it takes a second.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

HIDDEN = 128
LAYERS = 2
HEADS = 4
HEAD_DIM = 32
INTERMEDIATE = 256
VOCABULARY = 512
POSITIONS = 2048
DEVIATION = 0.02
"""Standard deviation of the weights, as Llama's ``initializer_range``."""

BEGIN, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"
CHAT_TEMPLATE = (
    "{{ '<|begin|>' }}"
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)
LINES = (
    "A shard group lives or dies as one: one lost GPU takes the whole engine with it.",
    "The router sends each request to a group and waits for its first token.",
    "What is the error budget of this service, and how much of it is left this month?",
    "Run this snippet and tell me what it prints, then fetch the page and sum it up.",
    "system: user: assistant: tool: You are a careful assistant. Answer briefly and in order.",
    "for value in range(10): print(value * value)",
    "Which region, which model, which tier? A ticket can wait until the morning; a page cannot.",
    "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 24 28 30 32 60 64 100 128 256 512 1024",
)
"""What the tokenizer is trained on."""

Array = np.ndarray[Any, Any]


def make_model(folder: Path, seed: int) -> None:
    """Write a model made from ``seed`` to ``folder``, unless there is a whole one.

    Two processes may ask at once: one makes it, the other waits.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return
        new = folder.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        for name, content in documents().items():
            (new / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        tokenizer().save(str(new / "tokenizer.json"))
        (new / "model.safetensors").write_bytes(safetensors(weights(seed)))
        new.rename(folder)


def documents() -> dict[str, Any]:
    """Return the JSON files beside the weights, by name."""
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "torch_dtype": "bfloat16",
        "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "head_dim": HEAD_DIM,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": POSITIONS,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "initializer_range": DEVIATION,
        "tie_word_embeddings": False,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 2,
    }
    return {
        "config.json": config,
        "generation_config.json": {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2},
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": BEGIN,
            "eos_token": END,
            "pad_token": PAD,
            "model_max_length": POSITIONS,
            "chat_template": CHAT_TEMPLATE,
        },
    }


def tokenizer() -> Tokenizer:
    """Return a byte-level BPE tokenizer of at most 512 tokens, trained on a few lines."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=1,
        special_tokens=[BEGIN, END, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(LINES, trainer)
    return made


def weights(seed: int) -> dict[str, Array]:
    """Return every tensor by its name, as float32, from a normal distribution; norms are ones."""
    generator = np.random.default_rng(seed)
    return {
        name: np.ones(shape, "<f4")
        if "norm" in name
        else generator.normal(0, DEVIATION, shape).astype("<f4")
        for name, shape in shapes()
    }


def shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the name and the shape of every tensor of the model."""
    yield "model.embed_tokens.weight", (VOCABULARY, HIDDEN)
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        for part in ("q", "k", "v"):
            yield f"{prefix}.self_attn.{part}_proj.weight", (HEADS * HEAD_DIM, HIDDEN)
        yield f"{prefix}.self_attn.o_proj.weight", (HIDDEN, HEADS * HEAD_DIM)
        for part in ("gate", "up"):
            yield f"{prefix}.mlp.{part}_proj.weight", (INTERMEDIATE, HIDDEN)
        yield f"{prefix}.mlp.down_proj.weight", (HIDDEN, INTERMEDIATE)
        yield f"{prefix}.input_layernorm.weight", (HIDDEN,)
        yield f"{prefix}.post_attention_layernorm.weight", (HIDDEN,)
    yield "model.norm.weight", (HIDDEN,)
    yield "lm_head.weight", (VOCABULARY, HIDDEN)


def safetensors(tensors: dict[str, Array]) -> bytes:
    """Return a safetensors file of float32 ``tensors`` cut to bfloat16.

    The format: the length of the header in eight bytes, the header as JSON, the data
    (https://huggingface.co/docs/safetensors/index#format).
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, values in tensors.items():
        # bfloat16 is the upper half of float32; numpy has no type for it.
        halves = (values.view("<u4") >> 16).astype("<u2").tobytes()
        header[name] = {
            "dtype": "BF16",
            "shape": list(values.shape),
            "data_offsets": [len(data), len(data) + len(halves)],
        }
        data += halves
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


if __name__ == "__main__":
    make_model(Path(sys.argv[1]), int(sys.argv[2]))
