"""Rules, workflows, AI models and integrations."""
