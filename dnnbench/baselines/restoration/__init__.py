"""Classical restoration of pictures as pure functions: denoising, inpainting, upscaling."""
