-- The logo that an environment's Connect UI shows. Kept beside the environment, and not in it: whoever reads an
-- environment does not need the picture.
CREATE TABLE environment_logo (
    environment_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES environment (id),
    -- `image/png`, `image/jpeg` or `image/webp`, by its first bytes.
    media_type TEXT COLLATE "C" NOT NULL,
    bytes BYTEA NOT NULL,
    updated_at BIGINT NOT NULL
);
