"""The configuration files: valid for Ray, for our options, and in step with the application."""

import pathlib
import unittest

import yaml
from ray.serve.schema import ServeDeploySchema
from verbatim_inference import options, ray_app

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Files(unittest.TestCase):
    def test_both_files_are_valid_and_name_what_exists(self):
        bound = {ray_app.app._bound_deployment.name}
        bound |= {argument._bound_deployment.name for argument in ray_app.app._bound_deployment.init_args}
        for name in ("serve-cpu.yaml", "serve-gpu.yaml"):
            with self.subTest(name):
                schema = ServeDeploySchema.model_validate(yaml.safe_load((ROOT / name).read_text()))
                (application,) = schema.applications
                self.assertEqual(application.import_path, "verbatim_inference.ray_app:app")
                self.assertEqual({deployment.name for deployment in application.deployments}, bound)
                chosen = options.from_environment(application.runtime_env["env_vars"])
                known = {"VERBATIM_WHISPER_MODEL", "VERBATIM_INFERENCE_DEVICE", "VERBATIM_INFERENCE_COMPUTE_TYPE"}
                known |= {"VERBATIM_INFERENCE_BATCH_SIZE", "VERBATIM_INFERENCE_WORKERS"}
                set_here = {variable for variable in application.runtime_env["env_vars"] if variable.startswith("VERBATIM_")}
                self.assertLessEqual(set_here, known)
                for deployment in application.deployments:
                    self.assertGreater(deployment.max_queued_requests, 0)  # -1 is without a limit
                    if deployment.name != "Ingress":
                        # More than the workers would wait in a replica, and be lost with it.
                        self.assertEqual(deployment.max_ongoing_requests, chosen.workers)
                        scaling = deployment.autoscaling_config
                        self.assertLessEqual(1, scaling["min_replicas"])  # without a replica, nodes send nothing
                        self.assertLess(scaling["min_replicas"], scaling["max_replicas"])

    def test_the_file_for_gpus_chooses_large_v3_in_float16_and_batches(self):
        content = yaml.safe_load((ROOT / "serve-gpu.yaml").read_text())["applications"][0]
        chosen = options.from_environment(content["runtime_env"]["env_vars"])
        self.assertEqual(
            (chosen.model, chosen.device, chosen.compute_type, chosen.batch_size), ("large-v3", "cuda", "float16", 8)
        )
        gpus = {one["name"]: one["ray_actor_options"].get("num_gpus", 0) for one in content["deployments"]}
        self.assertEqual(gpus["Recognition"] + gpus["Detection"] + gpus["Diarization"], 0.75)  # of one


if __name__ == "__main__":
    unittest.main()
