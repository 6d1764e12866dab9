"""WeChat by way of a Wechaty gateway: its protocol, its accounts, and the channel over them."""
