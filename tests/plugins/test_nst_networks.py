"""Learnt and arbitrary styles: the published networks, checked against onnxruntime."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from impasto.effects import Cancelled
from impasto.plugins import load_plugins
from impasto_nst.anystyle import AnyStyle
from impasto_nst.learnt import Learnt
from impasto_nst.styles import STYLES
from tests.pictures import scene
from tests.plugins.context import RecordingContext

PLUGINS = load_plugins(Path("/nonexistent"), Path("/nonexistent"))
LEARNT = PLUGINS.effects["nst.learnt"]
ANY = PLUGINS.effects["nst.any"]


@pytest.fixture(scope="module")
def learnt() -> Learnt:
    return Learnt("cpu", PLUGINS.located(LEARNT))


@pytest.fixture(scope="module")
def any_style() -> AnyStyle:
    return AnyStyle("cpu", PLUGINS.located(ANY))


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def in_float(path: Path) -> onnx.ModelProto:
    """The model with its 8-bit weights, and without the rounding of activations to 8 bit."""
    model = onnx.load(path)
    weights = {tensor.name for tensor in model.graph.initializer}
    unrounded: dict[str, str] = {}
    kept = []
    for node in model.graph.node:
        inputs = [unrounded.get(name, name) for name in node.input]
        of_weights = node.op_type == "DequantizeLinear" and node.input[0] in weights
        if node.op_type in ("QuantizeLinear", "DequantizeLinear") and not of_weights:
            unrounded[node.output[0]] = inputs[0]
            continue
        node.input[:] = inputs
        kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    for output in model.graph.output:
        output.name = unrounded.get(output.name, output.name)
    return model


def run(model: onnx.ModelProto, *inputs: np.ndarray) -> np.ndarray:
    running = session(model)
    names = [given.name for given in running.get_inputs()]
    result: np.ndarray = running.run(None, dict(zip(names, inputs, strict=True)))[0]
    return result


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float32)[None] / 255


@pytest.mark.parametrize("style", [1, 14, 26])
def test_a_learnt_style_is_what_the_published_network_paints(learnt: Learnt, style: int) -> None:
    picture = scene(96, 64)
    one_hot = np.eye(26, dtype=np.float32)[style - 1]
    published = onnx.load(PLUGINS.located(LEARNT)["multistyle26"])
    expected = run(published, pixels(picture).transpose(0, 3, 1, 2), one_hot)[0].transpose(1, 2, 0) * 255
    options = LEARNT.defaults() | {"style": str(style)}
    made = learnt.run({"content": [picture]}, options, RecordingContext())
    assert np.abs(np.asarray(made, float) - expected).max() <= 1


def test_any_style_is_what_the_published_networks_paint_without_rounding_to_8_bit(
    any_style: AnyStyle,
) -> None:
    content, style = scene(384, 384), scene(256, 256).rotate(90)
    paths = PLUGINS.located(ANY)
    embedding = run(in_float(paths["arbitrary-predict"]), pixels(style))
    assert np.abs(any_style.embedding(style).numpy() - embedding.ravel()).max() < 1e-4
    expected = run(in_float(paths["arbitrary-transform"]), pixels(content), embedding)[0] * 255
    options = ANY.defaults() | {"size": "384"}
    made = any_style.run({"content": [content], "style": [style]}, options, RecordingContext())
    assert np.abs(np.asarray(made, float) - expected).max() <= 1


def test_there_is_a_name_for_each_of_the_26_styles(learnt: Learnt) -> None:
    assert [choice.value for choice in STYLES] == [str(number) for number in range(1, 27)]
    assert len({str(choice.title) for choice in STYLES}) == 26
    assert all(len(str(choice.title)) <= 24 for choice in STYLES), "two stand side by side on a phone"


def test_strength_goes_from_the_photo_to_the_painting(learnt: Learnt) -> None:
    picture = scene(96, 64)

    def change(strength: float) -> float:
        options = LEARNT.defaults() | {"strength": strength}
        made = learnt.run({"content": [picture]}, options, RecordingContext())
        return float(np.abs(np.asarray(made, float) - np.asarray(picture, float)).mean())

    assert change(10) < change(50) < change(100)


def test_the_photos_colours_are_kept_if_asked(any_style: AnyStyle) -> None:
    content, style = scene(96, 64), Image.new("RGB", (64, 64), "red")

    def redness(*, keep: bool) -> float:
        options = ANY.defaults() | {"keep_colours": keep}
        made = any_style.run({"content": [content], "style": [style]}, options, RecordingContext())
        chroma = np.asarray(made.convert("YCbCr"), float)[..., 1:]
        return float(np.abs(chroma - np.asarray(content.convert("YCbCr"), float)[..., 1:]).mean())

    assert redness(keep=True) < 6 < redness(keep=False)


def test_cancel_acts_within_a_layer_and_progress_only_rises(learnt: Learnt, any_style: AnyStyle) -> None:
    for processor, effect in ((learnt, LEARNT), (any_style, ANY)):
        images = {"content": [scene()], "style": [scene()]}
        context = RecordingContext(stop=lambda looks: looks == 3)
        with pytest.raises(Cancelled):
            processor.run(images, effect.defaults(), context)
        assert context.looks == 3
        through = RecordingContext()
        processor.run(images, effect.defaults(), through)
        assert through.fractions == sorted(through.fractions)
        assert through.fractions[-1] == pytest.approx(1)


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (300, 3), (37, 53)])
def test_small_and_narrow_pictures_keep_their_size(
    learnt: Learnt, any_style: AnyStyle, size: tuple[int, int]
) -> None:
    images = {"content": [scene(*size)], "style": [scene(*size)]}
    for processor, effect in ((learnt, LEARNT), (any_style, ANY)):
        assert processor.run(images, effect.defaults(), RecordingContext()).size == size


def test_a_large_picture_is_painted_in_the_size_that_was_chosen(learnt: Learnt) -> None:
    options = LEARNT.defaults() | {"size": "512"}
    made = learnt.run({"content": [scene(1200, 900)]}, options, RecordingContext())
    assert made.size == (512, 384)
