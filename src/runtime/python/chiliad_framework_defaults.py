"""What a model's code need not define itself, framework by framework: the defaults of SageMaker's containers.

A class stands for a framework; default_model_fn loads what lies in the model's folder, default_input_fn makes of a body
what default_predict_fn gives to the model, default_output_fn makes of its answer a body. Source: the frameworks' pages in
the SageMaker Python SDK, "Load a model" to "Process model output".
"""
import collections
import io
import json
import os
import pickle
import sys

import numpy
from numpy.lib.recfunctions import structured_to_unstructured
from sagemaker_inference import content_types, decoder, encoder, errors
from sagemaker_inference.default_inference_handler import DefaultInferenceHandler


def unsupported(content_type):
    """A body of a type that nobody reads is the caller's mistake."""
    return errors.BaseInferenceToolkitError(
        415, f"Content type {content_type} is not supported: define input_fn, or output_fn for an answer", "Unsupported Media Type")


def _decode(body, content_type):
    try:
        array = decoder.decode(body, content_type)
    except errors.UnsupportedFormatError:
        raise unsupported(content_type) from None
    if isinstance(array, numpy.ndarray) and array.dtype.names and all(array.dtype[name].kind in "biuf" for name in array.dtype.names):
        # CSV whose columns are numbers of several kinds.
        return structured_to_unstructured(array)
    return array


def _model_files(model_dir):
    names = sorted(name for name in os.listdir(model_dir) if not name.startswith("."))
    return [path for path in (os.path.join(model_dir, name) for name in names) if os.path.isfile(path)]


class Plain(DefaultInferenceHandler):
    """Every framework without defaults of its own: bodies are arrays, models are the caller's business."""

    def default_input_fn(self, input_data, content_type, context=None):
        return _decode(input_data, content_type)

    def default_output_fn(self, prediction, accept, context=None):
        try:
            return super().default_output_fn(prediction, accept)
        except errors.UnsupportedFormatError:
            raise unsupported(accept) from None


class ScikitLearn(Plain):
    def default_input_fn(self, input_data, content_type, context=None):
        array = _decode(input_data, content_type)
        return array.astype(numpy.float32) if content_type in content_types.UTF8_TYPES else array

    def default_predict_fn(self, data, model, context=None):
        return model.predict(data)


class XGBoost(Plain):
    """Boosters as Booster.save_model() or pickle left them: the single file in the model's folder, or xgboost-model."""

    LIBSVM = ("text/libsvm", "text/x-libsvm")

    def default_model_fn(self, model_dir, context=None):
        import xgboost

        files = _model_files(model_dir)
        named = [path for path in files if os.path.basename(path).startswith("xgboost-model")]
        if len(named) != 1 and len(files) != 1:
            raise NotImplementedError(f"Please provide a model_fn implementation: {model_dir} holds not one model file but "
                                      f"{[os.path.basename(path) for path in files]}")
        path = (named or files)[0]
        booster = xgboost.Booster()
        try:
            booster.load_model(path)
            return booster
        except (xgboost.core.XGBoostError, ValueError):
            with open(path, "rb") as file:
                return pickle.load(file)

    def default_input_fn(self, input_data, content_type, context=None):
        import xgboost

        kind = (content_type or "").split(";")[0].strip()
        if kind in self.LIBSVM:
            return xgboost.DMatrix(self._read_libsvm(input_data))
        if kind == content_types.CSV:
            text = input_data.decode("utf-8") if isinstance(input_data, (bytes, bytearray)) else input_data
            rows = numpy.genfromtxt(io.StringIO(text), delimiter=",", dtype=numpy.float32)
            return xgboost.DMatrix(numpy.atleast_2d(rows) if "\n" in text.strip() or rows.ndim == 2 else rows.reshape(1, -1))
        return xgboost.DMatrix(_decode(input_data, kind))

    @staticmethod
    def _read_libsvm(body):
        """Rows "label index:value ..." or without a label; XGBoost's indices begin at 0, as its own reader takes them."""
        from scipy.sparse import csr_matrix

        text = body.decode("utf-8") if isinstance(body, (bytes, bytearray)) else body
        values, columns, starts = [], [], [0]
        for line in text.splitlines():
            if not line.strip():
                continue
            for item in line.split():
                index, colon, value = item.partition(":")
                if colon:
                    columns.append(int(index))
                    values.append(float(value))
            starts.append(len(values))
        return csr_matrix((numpy.asarray(values, dtype=numpy.float32), columns, starts))

    def default_predict_fn(self, data, model, context=None):
        booster = model.get_booster() if hasattr(model, "get_booster") else model
        return booster.predict(data, validate_features=False)


class PyTorch(Plain):
    """A TorchScript model.pth, or the single .pt or .pth file."""

    def default_model_fn(self, model_dir, context=None):
        import torch

        files = [path for path in _model_files(model_dir) if path.endswith((".pt", ".pth"))]
        named = [path for path in files if os.path.basename(path) == "model.pth"]
        if len(named) != 1 and len(files) != 1:
            raise NotImplementedError(f"Please provide a model_fn implementation: {model_dir} holds {len(files)} .pt or .pth files")
        model = torch.jit.load((named or files)[0], map_location=self._device())
        return model.eval()

    def default_input_fn(self, input_data, content_type, context=None):
        import torch

        array = _decode(input_data, content_type)
        if content_type in content_types.UTF8_TYPES:
            array = array.astype(numpy.float32)
        return torch.from_numpy(array).to(self._device())

    def default_predict_fn(self, data, model, context=None):
        import torch

        with torch.no_grad():
            return model(data)

    def default_output_fn(self, prediction, accept, context=None):
        import torch

        if isinstance(prediction, torch.Tensor):
            prediction = prediction.detach().cpu().numpy()
        return super().default_output_fn(prediction, accept)

    @staticmethod
    def _device():
        import torch

        return torch.device("cuda" if torch.cuda.is_available() else "cpu")


# What handlers of TensorFlow Serving's container are told of a call, by its names.
ServingContext = collections.namedtuple("Context", "model_name, model_version, method, rest_uri, grpc_port, custom_attributes, "
                                        "request_content_type, accept_header, content_length")


class ServingResponse:
    """TensorFlow Serving's answer as an output_handler gets it: what it needs of requests.Response."""

    status_code, ok, reason = 200, True, "OK"

    def __init__(self, content):
        self.content, self.text = content, content.decode("utf-8")
        self.headers = {"Content-Type": content_types.JSON}

    def json(self):
        return json.loads(self.content)


class TensorFlow(Plain):
    """SavedModels as TensorFlow Serving takes them: <model>/<number>/saved_model.pb or anywhere below; JSON of its
    predict API: {"instances": [...]} or {"inputs": ...} for {"predictions": [...]} or {"outputs": ...}. Code that was
    written for that container has input_handler(data, context), which makes such JSON of a body, and
    output_handler(response, context), which makes the answer of the JSON that comes back."""

    def __init__(self):
        super().__init__()
        self._call = None

    @staticmethod
    def _of_the_code(name):
        return getattr(sys.modules.get(os.environ.get("SAGEMAKER_PROGRAM", "")), name, None)

    def _context(self, content_type, accept, length, context):
        fields = context.request_processor[0].get_request_properties() if context is not None else {}
        attributes = {name.lower(): value for name, value in fields.items()}.get("x-amzn-sagemaker-custom-attributes")
        return ServingContext("model", None, "predict", None, None, attributes, content_type, accept, length)

    def default_model_fn(self, model_dir, context=None):
        import tensorflow

        found = sorted(folder for folder, _, names in os.walk(model_dir) if "saved_model.pb" in names)
        if not found:
            raise NotImplementedError(f"Please provide a model_fn implementation: no saved_model.pb below {model_dir}")
        newest = max(found, key=lambda folder: (int(os.path.basename(folder)) if os.path.basename(folder).isdigit() else -1))
        model = tensorflow.saved_model.load(newest)
        # The function lives as long as the model does.
        return model, model.signatures["serving_default"]

    def default_input_fn(self, input_data, content_type, context=None):
        input_handler = self._of_the_code("input_handler")
        if input_handler is not None:
            body = input_data.encode("utf-8") if isinstance(input_data, str) else bytes(input_data)
            self._call = self._context(content_type, None, len(body), context)
            return json.loads(input_handler(io.BytesIO(body), self._call))
        if self._of_the_code("handler") is not None:
            raise NotImplementedError("handler(data, context) calls TensorFlow Serving by itself, which does not run here: "
                                      "define input_handler and output_handler")
        if content_type == content_types.JSON:
            return json.loads(input_data)
        return {"instances": _decode(input_data, content_type)}

    def default_predict_fn(self, data, model, context=None):
        import tensorflow

        _, signature = model
        by_row = "instances" in data
        rows = data["instances"] if by_row else data["inputs"]
        names = list(signature.structured_input_signature[1])
        if isinstance(rows, dict):
            columns = rows
        elif by_row and len(rows) > 0 and isinstance(rows[0], dict):
            columns = {name: [row[name] for row in rows] for name in rows[0]}
        else:
            columns = {names[0]: rows}
        specs = signature.structured_input_signature[1]
        out = signature(**{name: tensorflow.convert_to_tensor(value, dtype=specs[name].dtype) for name, value in columns.items()})
        arrays = {name: tensor.numpy() for name, tensor in out.items()}
        single = next(iter(arrays.values())) if len(arrays) == 1 else None
        if not by_row:
            return {"outputs": single if single is not None else arrays}
        if single is not None:
            return {"predictions": single}
        return {"predictions": [dict(zip(arrays, row)) for row in zip(*arrays.values())]}

    def default_output_fn(self, prediction, accept, context=None):
        output_handler = self._of_the_code("output_handler")
        if output_handler is not None:
            answer = encoder.encode(prediction, content_types.JSON)
            call = self._call or self._context(None, None, None, context)
            return output_handler(ServingResponse(answer if isinstance(answer, bytes) else answer.encode("utf-8")),
                                  call._replace(accept_header=accept))
        if "json" in accept or "*/*" in accept:
            return encoder.encode(prediction, content_types.JSON), content_types.JSON
        return super().default_output_fn(next(iter(prediction.values())), accept)


BY_NAME = {
    "none": Plain,
    "mxnet": Plain,
    "scikit-learn": ScikitLearn,
    "xgboost": XGBoost,
    "pytorch": PyTorch,
    "tensorflow": TensorFlow,
}
