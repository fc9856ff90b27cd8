"""The operator's options from the environment and from the command line."""

import subprocess
import unittest

from support import ROOT
from verbatim_inference.options import BUNDLED_MODEL, Options, OptionsError, from_environment


class FromTheEnvironment(unittest.TestCase):
    def test_an_empty_environment_is_the_defaults(self):
        self.assertEqual(from_environment({}), Options(model=BUNDLED_MODEL))

    def test_each_variable_sets_its_option(self):
        chosen = from_environment(
            {
                "VERBATIM_WHISPER_MODEL": "large-v3",
                "VERBATIM_INFERENCE_NAME_AS": "whisper_ours",
                "VERBATIM_DIARIZATION_MODEL": "carried",
                "VERBATIM_INFERENCE_DEVICE": "cuda",
                "VERBATIM_INFERENCE_COMPUTE_TYPE": "float16",
                "VERBATIM_INFERENCE_WORKERS": "2",
                "VERBATIM_INFERENCE_THREADS": "3",
                "VERBATIM_INFERENCE_BATCH_SIZE": "8",
                "VERBATIM_INFERENCE_MAX_BODY_BYTES": "1000",
                "VERBATIM_INFERENCE_MAX_SECONDS": "60",
            }
        )
        wanted = Options("large-v3", "whisper_ours", "carried", "cuda", "float16", 2, 3, 8, 1000, 60)
        self.assertEqual(chosen, wanted)

    def test_a_wrong_value_is_one_clear_line(self):
        for variable, value in [("DEVICE", "tpu"), ("COMPUTE_TYPE", "int3"), ("BATCH_SIZE", "many"), ("WORKERS", "-1")]:
            with self.subTest(variable), self.assertRaisesRegex(OptionsError, f"^VERBATIM_INFERENCE_{variable} must be "):
                from_environment({f"VERBATIM_INFERENCE_{variable}": value})
        ended = subprocess.run(
            [ROOT / "serve", "--port", "0"], env={"VERBATIM_INFERENCE_BATCH_SIZE": "many"}, capture_output=True, text=True
        )
        self.assertEqual(ended.returncode, 2)
        self.assertIn("VERBATIM_INFERENCE_BATCH_SIZE must be a whole number", ended.stderr)


if __name__ == "__main__":
    unittest.main()
