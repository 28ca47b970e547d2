"""The one call to a model, over the OpenAI client, to any compatible server."""
