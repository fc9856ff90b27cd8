import unittest

from floods.customers import Answers
from floods.made_up_tokens import Answer, request


class AnswerTests(unittest.TestCase):
    def test_answers_are_counted_when_they_are_whole_however_they_come(self) -> None:
        stream = (
            b"HTTP/1.1 204 No Content\r\nX-Request-Id: a\r\n\r\n"
            b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 5\r\nRetry-After: 7\r\n\r\n{...}"
            b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
        )
        self.assertEqual(Answer().take(stream), [204, 429, 503])
        answer = Answer()
        self.assertEqual([status for byte in stream for status in answer.take(bytes([byte]))], [204, 429, 503])

    def test_made_up_tokens_look_like_tokens_and_differ(self) -> None:
        requests = [request("127.0.0.1", 80) for _ in range(100)]
        self.assertEqual(len(set(requests)), 100)
        for one in requests:
            head, _, body = one.partition(b"\r\n\r\n")
            self.assertIn(f"Content-Length: {len(body)}".encode(), head)
            token = body.split(b'"')[3].decode()
            self.assertTrue(token.startswith("rt_") and len(token) == 46 and token[3:].isalnum())


class AnswersTests(unittest.TestCase):
    def test_what_is_not_right_counts_as_what_it_was(self) -> None:
        answers = Answers()
        for got in [200, 200, 503, 503, "TimeoutError", 200]:
            answers.add(200, got, 0.5)
        self.assertEqual((answers.right, answers.count, answers.share), (3, 6, 0.5))
        self.assertEqual(answers.wrong, {"503": 2, "TimeoutError": 1})
        self.assertEqual(len(answers.seconds), 3)
