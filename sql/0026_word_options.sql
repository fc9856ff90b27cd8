-- nodes: from 0022
-- What a customer asks for that changes the words of a transcript: terms to know, replacements, what to mask, languages to expect.

-- Only jobs that ask for something have a row. It holds the customer's words, and goes with the job.
CREATE TABLE word_options (
    tenant_id text NOT NULL,
    job_id    text NOT NULL,
    options   json NOT NULL CHECK (json_typeof(options) = 'object' AND octet_length(options::text) <= 131072),
    PRIMARY KEY (tenant_id, job_id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id)
);
