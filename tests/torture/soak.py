"""Is it the long run? script/test --soak says so in the environment."""
import os

ASKED = os.environ.get("HOLDFAST_SOAK") == "1"
