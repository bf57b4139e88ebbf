"""Sound files that are read from their beginning to their end, block by block."""

import soundfile


class PlayedFile(soundfile.SoundFile):  # type: ignore[misc]  # the package has no types
    """One that nobody seeks in.

    ``soundfile`` seeks to where it is anyway after every read. In an MP3 that loses what its decoder knew of the frames
    before: the first hundreds of samples of each block are then of another sound. A file that cannot seek is spared it.
    """

    def seekable(self) -> bool:
        return False
