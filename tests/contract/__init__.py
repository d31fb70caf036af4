"""The same cases on the fakes and on the real servers: what holds here, the rest of the tests may rely on."""
