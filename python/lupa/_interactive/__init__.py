"""What the prompt and the notebook share: chunks that are typed in, values and errors that are shown."""
